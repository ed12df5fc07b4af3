"""micrograd's two modules, ``engine`` and ``nn``, on fastgrad.

>>> from fastgrad.compat.micrograd.engine import Value
>>> a = Value(2.0)
>>> (a * a).backward()
>>> a
Value(data=2.0, grad=4.0)
"""
