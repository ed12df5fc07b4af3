from autodiff import F, Var

x, y = Var(0.5), Var(-1.2)
z = F.sin(x * y) + (x - y).exp() * 2
z.backward()
print(z, x, y)

w = x.sin().sin().sin()
x.grad = 0
w.backward()
print(w, x)


def chain(v, n):
    for _ in range(n):
        v = F.exp(v * -0.5) + v.sin()
    return v


for n in (1, 5, 20, 60):
    v = Var(0.3)
    out = chain(v, n)
    out.backward()
    print(n, out, v.grad)
