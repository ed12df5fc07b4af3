from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Tuple


@dataclass
class Context:
    """What forward keeps for backward."""

    no_grad: bool = False
    saved_values: Tuple[Any, ...] = ()

    def save_for_backward(self, *values: Any) -> None:
        if not self.no_grad:
            self.saved_values = values

    @property
    def saved_tensors(self) -> Tuple[Any, ...]:
        return self.saved_values


def central_difference(f: Any, *vals: Any, arg: int = 0, epsilon: float = 1e-6) -> float:
    up, down = list(vals), list(vals)
    up[arg] = up[arg] + epsilon
    down[arg] = down[arg] - epsilon
    return (f(*up) - f(*down)) / (2 * epsilon)


def topological_sort(variable: Any) -> Iterable[Any]:
    order: List[Any] = []
    seen = set()

    def visit(var: Any) -> None:
        if var.unique_id in seen or var.is_constant():
            return
        if not var.is_leaf():
            for m in var.parents:
                visit(m)
        seen.add(var.unique_id)
        order.insert(0, var)

    visit(variable)
    return order


def backpropagate(variable: Any, deriv: Any) -> None:
    queue = topological_sort(variable)
    derivatives: Dict[int, Any] = {variable.unique_id: deriv}
    for var in queue:
        d = derivatives[var.unique_id]
        if var.is_leaf():
            var.accumulate_derivative(d)
        else:
            for v, local in var.chain_rule(d):
                if v.is_constant():
                    continue
                derivatives.setdefault(v.unique_id, 0.0)
                derivatives[v.unique_id] = derivatives[v.unique_id] + local
