import math
class Tensor:
  def __init__(self,data,creators=None,creation_op=None):
    self.data=data
    self.creators=creators
    self.creation_op=creation_op
    self.grad=None
  def backward(self,grad=1.0):
    if self.grad is None:
      self.grad=grad
    else:
      self.grad+=grad
    if self.creation_op=="add":
      self.creators[0].backward(grad)
      self.creators[1].backward(grad)
    elif self.creation_op=="sub":
      self.creators[0].backward(grad)
      self.creators[1].backward(-grad)
    elif self.creation_op=="mul":
      self.creators[0].backward(grad*self.creators[1].data)
      self.creators[1].backward(grad*self.creators[0].data)
    elif self.creation_op=="neg":
      self.creators[0].backward(-grad)
    elif self.creation_op=="tanh":
      self.creators[0].backward(grad*(1-self.data*self.data))
  def __add__(self,o):
    return Tensor(self.data+o.data,[self,o],"add")
  def __sub__(self,o):
    return Tensor(self.data-o.data,[self,o],"sub")
  def __mul__(self,o):
    return Tensor(self.data*o.data,[self,o],"mul")
  def __neg__(self):
    return Tensor(-self.data,[self],"neg")
  def tanh(self):
    return Tensor(math.tanh(self.data),[self],"tanh")
  def __repr__(self): return str(self.data.__repr__())
  def __str__(self): return str(self.data.__str__())

a=Tensor(1.5)
b=Tensor(-2)
c=Tensor(0.25)
d=a+b
e=d*c
f=(e-a).tanh()
g=-f+e*e
g.backward()
print(a.grad,b.grad,c.grad,d.grad,e.grad,f.grad)
print(g,[g],g.creation_op,len(g.creators))

w=[Tensor(0.1),Tensor(0.5),Tensor(-0.3)]
X=[(0,1),(1,0),(1,1),(0,0)]
Y=[0,1,1,0]
for epoch in range(25):
  total=0
  for (x0,x1),y in zip(X,Y):
    out=(w[0]*Tensor(x0)+w[1]*Tensor(x1)+w[2]).tanh()
    err=out-Tensor(y)
    loss=err*err
    loss.backward()
    total+=loss.data
  for i in range(3):
    w[i]=Tensor(w[i].data-0.3*w[i].grad)
  if epoch%4==0: print(epoch,total,w)
n=Tensor(3.0)
n.backward(7)
n.backward(0.5)
print(n.grad, Tensor(1).grad)
