"""A class beside its twin: which methods are exchanged for fastgrad's, and how the twin spells its graph."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import types

from fastgrad._tape.exchange import Maker, spell
from fastgrad._tape.node import Node
from fastgrad._tape.spelled import Form, Making
from fastgrad.run import effects, reading, trial
from fastgrad.run.flags import Flagging, method_for
from fastgrad.run.functions import Functions, function_of
from fastgrad.run.hook import own_modules, read_ahead
from fastgrad.run.own import short_name
from fastgrad.run.roles import Unfit, find_making, find_roles, vars_of
from fastgrad.run.settings import settings
from fastgrad.run.sweeping import Sweep, sweep_name
from fastgrad.run.switches import Switched, turned, watch
from fastgrad.run.twins import Twins, first_twin, with_field

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from fastgrad.run.switches import Setting
    from fastgrad.run.trial import _Experiment

# Operators, in the order in which they stand on each other, with the ways a class may spell them.
_OPERATORS: dict[str, tuple[Form, ...]] = {
    "__add__": (Form(0),),
    "__radd__": (Form(0), Form.RADD_FIRST),
    "__mul__": (Form(0),),
    "__rmul__": (Form(0), Form.RMUL_FIRST),
    "__neg__": (Form.NEG_TIMES, Form.NEG_TIMES | Form.NEG_FIRST, Form(0)),
    "__pow__": (Form(0), Form.POWER_LEAF),
    "__rpow__": (Form(0),),
    "__sub__": (Form.SUB_ADDS, Form(0)),
    "__rsub__": (Form(0),),
    "__truediv__": (Form.DIV_POWERS, Form(0)),
    "__rtruediv__": (Form(0),),
}
SUMS_AND_PRODUCTS = ("__add__", "__radd__", "__mul__", "__rmul__")  # which sweeps are tried with
NEEDED = ("__add__", "__mul__")


def described(cls: type) -> str:
    """Return a class's name and place, for messages."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None) or ""
    statement = reading.class_statement(file, cls.__name__)
    return f"class {cls.__name__}" + (f" ({short_name(file)}, line {statement.lineno})" if statement else "")


def set_new(cls: Any, new: Any) -> None:
    cls.__new__ = staticmethod(new)


class Candidate:
    """A class that is tried, and what has been found out about it.

    Parameters
    ----------
    first : object
        The class's ``__new__`` for the time being, which makes instances of its ``twin`` where that is set.
    flag : str, optional
        The constructor's parameter for the flag of numbers that take a derivative, where not all do.
    """

    operators = tuple(_OPERATORS)

    def __init__(self, first: Any, flag: str | None = None) -> None:
        self.first, self.cls = first, first.cls
        self.form: int = 0
        self.symbols: dict[str, Any] = {}
        self.taken: list[str] = []
        self.kept: dict[str, str] = {}  # with the reason
        self.plain_class = self.cls
        self.compares_graphs = True
        self.switches: list[Setting] = []
        self.flagging = Flagging(self, flag) if flag is not None else None

    def run(self) -> None:
        self.refuse_effects()
        namespaces = [vars(module) for module in own_modules()]
        with self.flagging.by_default() if self.flagging is not None else contextlib.nullcontext():
            with trial.undone(self.cls, namespaces, effects.names_reached(self.cls)) as changed:
                self.try_all(namespaces)
            self.functions = Functions(self)
            self.functions.try_them(namespaces)
        if self.flagging is not None:
            with trial.undone(self.cls, namespaces, effects.names_reached(self.cls)):
                self.flagging.settle()
        self.check_what_is_asked(changed)
        if settings.strict and self.kept:
            raise Unfit(f"--strict, and {self.reasons()}")

    def try_all(self, namespaces: list[dict[str, Any]]) -> None:
        self.roles = find_roles(self.cls, namespaces)
        making = find_making(self.cls, self.roles)
        if self.flagging is not None:
            self.flagging.find(making)
        self.look_at_the_program()
        self.check_what_decides([*making], {name: meaning for name, (meaning, _) in making.items()})
        self.twin = first_twin(self.cls, self.roles, self.plan(making), self.symbols)
        self.see_how_it_is_made()
        self.take("__init__", "__init__")
        self.sweep = Sweep(self)
        self.sweep.stand_in()
        self.try_operators()
        self.try_functions()
        self.always_on_tape = self.stays_on_tape()

    def plan(self, making: dict[str, tuple[str, Any]]) -> Making:
        meanings, defaults = zip(*making.values())
        return Making([*making], meanings, defaults, self.roles.children, self.roles.inner, self.roles.flag)

    def see_how_it_is_made(self) -> None:
        """See whether the constructor makes a number of a number, and a float of an int, and who knows its steps."""
        self.twin._floats = isinstance(getattr(self.cls(7), self.roles.number), float)
        try:
            inner = getattr(self.cls(self.cls(3.0)), self.roles.number)
            self.twin._unwraps = isinstance(inner, (int, float)) and inner == 3.0
        except Exception:
            self.twin._unwraps = False
        if self.dispatches():
            self.twin._dispatch = staticmethod(self.step_of_the_program)

    def dispatches(self) -> bool:
        """Does the sweep look at the operations' symbols? Then it knows what others do that the program makes."""
        if self.roles.inner is not None:
            return True
        if self.roles.op is None or self.roles.closure or self.roles.slopes:
            return False
        return self.roles.op in reading.names_within(sweep_name(self.roles))

    def step_of_the_program(self, node: Any) -> None:
        """Pass a node's gradient on as the program's own sweep would, tried on plain numbers."""
        operands = Node.prev.__get__(node)
        leaves = [self.plain(getattr(operand, self.roles.number)) for operand in operands]
        making = {meaning: name for name, meaning in zip(self.twin._making.names, self.twin._making.meanings)}
        if self.roles.inner is not None:
            history = getattr(node, self.roles.children)
            given = {making["history"]: with_field(history, self.roles.inner, self.roles.container(leaves))}
        else:
            given = {making["children"]: self.roles.container(leaves), making["op"]: self.roles.symbol(node)}
        root = self.plain(getattr(node, self.roles.number), **given)
        self.roles.swept(root)
        name, gradient = self.roles.grad, getattr(node, self.roles.grad)
        for operand, leaf in zip(operands, leaves):
            setattr(operand, name, (getattr(operand, name) or 0.0) + gradient * (getattr(leaf, name) or 0.0))

    def plain(self, number: float, **given: Any) -> Any:
        """Make a number of the class as it was."""
        twin, self.first.twin = self.first.twin, None
        try:
            return self.plain_class(number, **given)
        finally:
            self.first.twin = twin

    def refuse_effects(self) -> None:
        """What every trial runs must only compute."""
        for name in ("__init__", *NEEDED):
            reason = self.more_than_numbers(name)
            if reason is not None:
                raise Unfit(f"its {name} {reason.removeprefix('it ')}")

    def more_than_numbers(self, name: str) -> str | None:
        """Return what a method does beside computing from numbers, or None."""
        method = vars_of(self.cls, name)
        if effects.does_more(method):
            return "it does more than compute"
        for setting in effects.settings_read(method, self.cls):
            if not setting.is_switch():
                return f"it reads {setting.name}, which the program changes"
            self.switches.append(setting)
        return None

    def more_than_one_number(self, name: str) -> str | None:
        """The same of a function of one number, which may take others as well."""
        method = vars_of(self.cls, name)
        if not isinstance(method, types.FunctionType):
            return "it is no method of numbers"
        others = [*inspect.signature(method).parameters.values()][1:]
        optional = all(other.default is not other.empty for other in others)
        if others and (reading.is_called_with_arguments(name) or not optional):
            return "it takes arguments"
        return self.more_than_numbers(name)

    # One method.

    def take(self, name: str, fastgrads: str) -> None:
        setattr(self.twin, name, method_for(fastgrads, self.roles.flag))
        if name not in self.taken:
            self.taken.append(name)

    def give_back(self, name: str) -> None:
        delattr(self.twin, name)
        self.taken.remove(name)

    def disagreement(self, experiments: Iterable[tuple[str, _Experiment]], own: bool = False) -> str | None:
        """Say what differs and where, or return None. The class's own methods raise what its constructor does not."""
        for where, experiment in experiments:
            expected = trial.outcome(self.cls, self.roles, experiment, self.compares_graphs)
            found = self.on_twin(experiment)
            both_raise = isinstance(expected, trial.Raised) and isinstance(found, trial.Raised)
            if not trial.agree(expected, found) and not (own and both_raise):
                return f"another {'graph' if trial.differ_in_graph(expected, found) else 'result'} {where}"
        return None

    def on_twin(self, experiment: Any) -> Any:
        """The outcome where the class's name makes twins."""
        self.first.twin = self.twin
        try:
            return trial.outcome(self.twin, self.roles, experiment, self.compares_graphs)
        finally:
            self.first.twin = None

    def set_form(self, form: int) -> None:
        self.form = form
        spell(self.twin, form)

    # All of them.

    def try_operators(self) -> None:
        start = {0: Form.GRAD_INT, None: Form.GRAD_NONE}.get(self.roles.grad_at_first, Form(0))
        start = Form(0) if isinstance(self.roles.grad_at_first, float) else start
        if self.roles.returns == "derivatives":
            start = Form(0)
        if self.roles.seeded:
            start |= Form.ROOT_ADDS
        self.learn_symbols()
        self.take("__add__", "__add__")
        for leaves in (Form.LEAVES, Form(0)):
            self.set_form(start | leaves)
            if self.disagreement(trial.of_two("__add__")) is None:
                break
        for name in SUMS_AND_PRODUCTS:
            self.try_operator(name)
        if "__add__" in self.kept:
            raise Unfit(f"its __add__ gives {self.kept['__add__']}")
        self.sweep.settle()
        if self.defines("__pow__") and self.takes_plain_exponents_alone():
            self.set_form(self.form | Form.PLAIN_EXPONENT)
            self.twin._originals = {"__pow__": vars_of(self.cls, "__pow__")}  # which knows of numbers as exponents
        for name in _OPERATORS:
            if name not in SUMS_AND_PRODUCTS:
                self.try_operator(name)

    def takes_plain_exponents_alone(self) -> bool:
        of_numbers = [experiment for _, experiment in trial.of_numbers("__pow__")]
        outcomes = [trial.outcome(self.cls, self.roles, experiment, False) for experiment in of_numbers]
        return all(isinstance(outcome, trial.Raised) for outcome in outcomes)

    def try_operator(self, name: str) -> None:
        if self.defines(name):
            self.try_forms(name, (*self.forms_alone(name), *_OPERATORS[name]))

    def forms_alone(self, name: str) -> tuple[Form, ...]:
        """Return the forms of an operator that stand with others, which the class has not."""
        if name == "__sub__" and not self.defines("__neg__"):
            return tuple(Form.SUB_ADDS | form for form in _OPERATORS["__neg__"])
        if name == "__rsub__" and not self.defines("__sub__"):
            return (Form.SUB_ADDS,)
        return (Form.DIV_POWERS,) if name == "__rtruediv__" and not self.defines("__truediv__") else ()

    def try_forms(self, name: str, forms: tuple[Form, ...]) -> None:
        """Take an operator in the first form that agrees; else keep the class's own, if that works on fastgrad."""
        reason = self.more_than_numbers(name)
        if reason is not None:
            self.kept[name] = reason
            return
        before, experiments = self.form, _experiments_with(name)
        self.take(name, name)
        places = []
        for form in forms:
            self.set_form(before | form)
            where = self.disagreement(experiments)
            if where is None:
                return
            places.append(where)
        self.set_form(before)
        self.keep(name, places[0], experiments)

    def keep(self, name: str, where: str, experiments: Iterable[tuple[str, _Experiment]]) -> None:
        self.give_back(name)
        self.kept[name] = where
        differs = self.disagreement(experiments, own=True)
        if differs is not None and (name.startswith("__") or reading.is_asked_for({name}, {name})):
            raise Unfit(f"its {name} on fastgrad's numbers gives {differs}")

    def try_functions(self) -> None:
        for name in _method_names(self.cls):
            function = function_of(name)
            reason = self.more_than_one_number(name) if function is not None else None
            if reason is not None:
                self.kept[name] = reason
            elif function is not None and name not in self.taken:
                experiments = list(trial.of_one(name))
                own = vars_of(self.cls, name)
                self.take(name, function)
                if len(inspect.signature(own).parameters) > 1:
                    setattr(self.twin, name, _unless_given(own, vars(self.twin)[name]))
                self.see(function, lambda name=name: getattr(self.cls(0.5), name)())
                where = self.disagreement(experiments)
                if where is not None:
                    self.keep(name, where, experiments)

    def stays_on_tape(self) -> bool:
        """Tell whether numbers can be fastgrad's, with the class's own methods, where a switch is not what it was."""
        if effects.settings_read(vars_of(self.cls, "__init__"), self.cls):
            return False
        own = {name: vars_of(self.cls, name) for name in self.taken if name != "__init__"}
        tried = [pair for name in own if name in _OPERATORS for pair in _experiments_with(name)]
        return all(self.disagreement(self.with_switch(switch, own, tried)) is None for switch in self.switches)

    def with_switch(
        self, switch: Setting, own: dict[str, Any], tried: list[tuple[str, _Experiment]]
    ) -> Iterator[tuple[str, _Experiment]]:
        """Experiments whose result is made, or swept, while a switch is not what it was."""

        def made(experiment: _Experiment, cls: Any) -> Any:
            with turned(switch, cls, own if cls is self.twin else {}):
                leaves, result = experiment(cls)
            return leaves, result * leaves[0] + leaves[0]

        def swept(experiment: _Experiment, cls: Any) -> Any:
            leaves, result = experiment(cls)
            with turned(switch, cls, own if cls is self.twin else {}):
                self.roles.swept(result)
            return leaves, result + leaves[0]

        for where, experiment in tried:
            yield where, functools.partial(made, experiment)
            yield where, functools.partial(swept, experiment)

    # Symbols.

    def learn_symbols(self) -> None:
        """See which symbols the class gives its operators."""
        constant: dict[str, Any] = {}
        a, b = self.cls(4.0), self.cls(2.0)
        operators = {"add": "__add__", "mul": "__mul__", "sub": "__sub__", "div": "__truediv__"}
        for operation, name in operators.items():
            if self.defines(name):
                self.see(operation, functools.partial(getattr(a, name), b))
        if self.defines("__neg__"):
            self.see("neg", a.__neg__)
        self.see("constant", lambda: self.constant_in(a + 9.0))
        with contextlib.suppress(Exception):  # not every class takes plain operands
            constant = vars(self.constant_in(a + 9.0))
        self.check_constant(constant)
        self.see("pow", lambda: a**7)
        if isinstance(self.symbols.get("pow"), str):
            self.symbols["pow"] = self.symbols["pow"].replace("7", "{}")
        if self.roles.inner is not None:
            self.symbols["history of a leaf"] = getattr(a, self.roles.children)

    def check_constant(self, attributes: dict[str, Any]) -> None:
        """Refuse a class whose operators make something else of a plain operand than a number, if it is asked for."""
        of_leaves = {name: values[0] for name, values in self.roles.told_apart.items()}
        for name, value in {**self.roles.extras, **of_leaves}.items():
            differs = name not in self.roles.numbered and attributes.get(name, value) != value
            if differs and reading.is_asked_for({name}, self.without):
                raise Unfit(
                    f"its {name} is another where a number is made of a plain operand, and the program asks for it"
                )

    def constant_in(self, total: Any) -> Any:
        """The leaf that a plain operand became."""
        return next(leaf for leaf in self.roles.operands(total) if getattr(leaf, self.roles.number) == 9.0)

    def see(self, operation: str, make: Any) -> None:
        """Keep the symbol, and the history, that an operation's result has."""
        try:
            made = make()
            symbol = self.roles.symbol(made)
        except Exception:
            return
        self.symbols[operation] = symbol
        self.symbols.update({f"{name} of {operation}": getattr(made, name) for name in self.roles.more_symbols})
        if self.roles.inner is not None:
            self.symbols[f"history of {operation}"] = getattr(made, self.roles.children)

    def defines(self, name: str) -> bool:
        return any(name in vars(base) for base in self.cls.__mro__ if base is not object)

    # What the program looks at.

    def look_at_the_program(self) -> None:
        """See whether the program looks at its graphs. If not, only their numbers have to agree."""
        read_ahead()
        machinery = reading.functions_reached({sweep_name(self.roles)})
        self.without = machinery | {"__init__", *_OPERATORS, *filter(function_of, _method_names(self.cls))}
        roles = self.roles
        graph = {roles.children, roles.op, roles.slopes, roles.closure, roles.inner, "vars", "__dict__"}
        self.looks_at_graphs = reading.is_asked_for({name for name in graph if name}, self.without)
        if roles.returns in ("count", "nodes") and reading.is_result_used(sweep_name(roles)):
            self.looks_at_graphs = True
        for name in list(roles.told_apart):
            if not reading.is_asked_for({name}, self.without) or reading.is_set(roles.children, self.without):
                roles.hidden[name] = f"its {name} depends on how a number was made"
                del roles.told_apart[name]
        for name, reason in roles.hidden.items():
            if reading.is_asked_for({name}, self.without) or reading.is_set(name, self.without):
                raise Unfit(f"{reason}, and the program asks for it")
        for name in roles.numbered:
            if not _is_serial(roles.extras[name]) and reading.is_asked_for({name}, self.without):
                raise Unfit(f"each number has its own {name}, which the program asks for")

    def check_what_decides(self, parameters: list[str], meanings: dict[str, str]) -> None:
        """Refuse a class that does something else with numbers for which the program sets an attribute."""
        machinery = reading.functions_reached({sweep_name(self.roles), *_OPERATORS})
        for name in (*self.roles.extras, *self.roles.told_apart):
            given = next((place for place, key in enumerate(parameters) if meanings[key] == f"={name}"), None)
            is_given = given is not None and reading.is_given(self.cls, parameters[given], given, self.without)
            if reading.is_read_in(name, machinery) and (is_given or reading.is_set(name, self.without)):
                raise Unfit(f"its {name} decides what becomes of a number, and the program sets it")

    def check_what_is_asked(self, changed: list[str]) -> None:
        for name in changed:
            if reading.is_asked_for({name}, {"__init__"}):
                raise Unfit(f"making a number changes {name}, which the program asks for")

    # The exchange itself.

    def exchange(self) -> None:
        """Move what was taken into the class, and let it make twins."""
        originals = {name: vars_of(self.cls, name) for name in self.taken}
        signature = inspect.signature(originals["__init__"].__get__(self.cls))
        twins = Twins(self.cls, self.twin, originals)
        self.plain_class = twins.plain_class(self.cls)
        self.twin._originals = originals
        data = self.twin._making.names[0]
        maker = Maker(twins.known, twins.make, 0, data, twins.plain, not self.always_on_tape, self.twin._unwraps)
        for name in self.taken:
            setattr(self.cls, name, vars(self.twin)[name])
            delattr(self.twin, name)
        self.twin._finished = True
        set_new(self.cls, maker)
        if "__signature__" not in vars(self.cls):  # which would be that of __new__
            self.cls.__signature__ = signature
        self.sweep.exchange()
        self.functions.exchange()
        if self.switches:
            plain = {**originals, "__new__": staticmethod(lambda number, *given, **named: twins.plain(number))}
            if self.always_on_tape:
                del plain["__init__"], plain["__new__"]
            watch(Switched(self.cls, self.switches, {name: vars(self.cls)[name] for name in plain}, plain))

    # What is said.

    def reasons(self) -> str:
        return ", ".join(f"{name}: {reason}" for name, reason in self.kept.items())

    def report(self) -> Iterator[str]:
        note = f"; its own stay: {', '.join(self.kept)}" if self.kept else ""
        yield f"{described(self.cls)} runs on fastgrad{note}"
        if settings.explain:
            functions = [f"{function.__name__}()" for function in self.functions.taken]
            yield f"  fastgrad's: {', '.join([*self.taken, *functions])}"
            for name, reason in self.kept.items():
                yield f"  its own {name}: {reason}"
            own = [name for name in _method_names(self.cls) if name not in self.taken and name not in self.kept]
            yield f"  not touched: {', '.join(own) or 'nothing'}"


def _unless_given(own: Any, fast: Any) -> Any:
    """A method that is the class's own where it is given more than the number."""

    @functools.wraps(own)
    def method(number: Any, *given: Any, **named: Any) -> Any:
        return own(number, *given, **named) if given or named else fast(number)

    return method


def _is_serial(name: Any) -> bool:
    """Is it the default name of a number, a number itself? It is as good as any other."""
    return isinstance(name, str) and name.isdigit()


def _experiments_with(operator: str) -> list[tuple[str, _Experiment]]:
    if operator == "__neg__":
        return list(trial.of_one(operator))
    return list(trial.of_number_and_plain(operator) if operator.startswith("__r") else trial.of_two(operator))


def _method_names(cls: type) -> list[str]:
    kinds = (types.FunctionType, staticmethod, classmethod, property)
    entries = [entry for base in cls.__mro__ if base is not object for entry in vars(base).items()]
    return list(dict.fromkeys(name for name, value in entries if isinstance(value, kinds) and name != "__new__"))
