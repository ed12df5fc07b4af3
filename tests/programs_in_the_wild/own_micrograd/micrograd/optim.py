class SGD:
    def __init__(self, params, lr=0.01, momentum=0.0):
        self.params = list(params)
        self.lr = lr
        self.momentum = momentum
        for p in self.params:
            p.velocity = 0.0

    def zero_grad(self):
        for p in self.params:
            p.grad = 0

    def step(self):
        for p in self.params:
            p.velocity = self.momentum * p.velocity + p.grad
            p.data -= self.lr * p.velocity
