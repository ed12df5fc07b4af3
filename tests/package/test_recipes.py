"""What recipes for other package managers repeat of pyproject.toml: they say the same."""

import re

import pytest

import fastgrad
from support.places import CHECKOUT

RECIPE = CHECKOUT / "recipes" / "conda-forge" / "recipe.yaml"

pytestmark = pytest.mark.skipif(not RECIPE.exists(), reason="tested outside the checkout")


@pytest.fixture
def recipe():
    return RECIPE.read_text(encoding="utf-8")


@pytest.fixture
def project():
    return (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")


def one(pattern, text):
    [found] = re.findall(pattern, text, re.MULTILINE)
    return found


def requirements(recipe, kind):
    """What the recipe lists under one of its kinds of requirements, without Python and pip, which only it names."""
    listed = one(rf"^  {kind}:\n((?:    .*\n)+)", recipe)
    return {line.replace(" ", "") for line in re.findall(r"^    - (.+)$", listed, re.MULTILINE)} - {"python", "pip"}


def named(key, project):
    return set(re.findall(r'"(.+?)"', one(rf"^{key} = \[(.*)\]", project)))


def test_it_is_of_this_version(recipe):
    assert one(r'^  version: "(.+)"$', recipe) == fastgrad.__version__


def test_it_leaves_out_the_pythons_that_the_project_does(recipe, project):
    oldest = one(r'^requires-python = ">=(.+)"$', project)
    assert one(r'^  skip: match\(python, "(.+)"\)$', recipe) == f"<{oldest}"


def test_it_is_built_with_what_the_project_is(recipe, project):
    assert requirements(recipe, "host") == named("requires", project)


def test_it_needs_what_the_project_does(recipe, project):
    assert requirements(recipe, "run") == named("dependencies", project)


def test_its_test_runs_the_command_and_imports_packages(recipe, project):
    command = one(r"^\[project\.scripts\]\n(\w+) = ", project)
    assert set(re.findall(r"^      - (\w+) [\w-]+$", recipe, re.MULTILINE)) == {command}
    packages = set(re.findall(r'^    "(fastgrad[\w.]*)",$', project, re.MULTILINE))
    imported = set(re.findall(r"^        - (fastgrad[\w.]*)$", recipe, re.MULTILINE))
    assert imported
    assert imported <= packages


def test_it_is_under_the_same_licence(recipe, project):
    assert one(r"^  license: (.+)$", recipe) == one(r'^license = "(.+)"$', project)
