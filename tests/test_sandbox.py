"""What is found in a chat template without running it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.configs import real_configs
from validation.chat_template import templates
from validation.sandbox import MAX_CHARACTERS, TemplateError, flaws, parse


def _certain(template: str) -> list[str]:
    return [flaw.message for flaw in flaws(parse(template)) if flaw.certain]


@pytest.mark.fault("template bombs, and templates that reach for Python", "a finding, unrendered")
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ ''.__class__ }}", "reaches for `__class__`, an internal of Python"),
        ("{{ x['__globals__'] }}", "reaches for `__globals__`, an internal of Python"),
        ("{{ x | attr('__init__') }}", "reaches for `__init__`, an internal of Python"),
        ("{{ x | map(attribute='a.__class__') | list }}", "reaches for `__class__`, an internal of Python"),
        ("{{ x.gi_frame }}", "reaches for `gi_frame`, an internal of Python"),
        ("{% set _ = messages.append(1) %}", "calls `.append()`, which changes a list or a mapping"),
        ("{{ x.update({}) }}", "calls `.update()`, which changes a list or a mapping"),
        ("{% include 'other' %}", "loads another template, and there is none to load"),
        ("{% from 'other' import a %}", "loads another template, and there is none to load"),
        ("{% extends 'other' %}", "loads another template, and there is none to load"),
        ("{{ x | rot13 }}", "uses the filter `rot13`, which does not exist"),
        ("{{ x is lovely }}", "uses the test `lovely`, which does not exist"),
        ("{% for i in range(100001) %}{% endfor %}", "counts with `range` beyond 100000"),
        ("{{ 'a' * 9999999999 }}", "repeats something more than 100000 times"),
        ("{{ 'a' * 10 ** 9 }}", "repeats something more than 100000 times"),
        ("{{ 'a'.ljust(1000000) }}", "pads a string beyond 100000 characters"),
    ],
)
def test_what_the_sandbox_refuses_is_found(template: str, expected: str) -> None:
    """Each way out of the sandbox, and each literal that counts without end, is named."""
    assert [expected] == _certain(template)


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.role }}{% break %}{% endfor %}",
        "{% generation %}{{ messages[-1]['content'] | trim }}{% endgeneration %}",
        "{% set ns = namespace(found=false) %}{% set ns.found = true %}{{ tools | tojson(indent=2) }}",
        "{% macro show(x) %}{{ x.items() | list }}{% endmacro %}{{ show(tools) }}{{ strftime_now('%d %b %Y') }}",
        "{{ raise_exception('roles must alternate') }}{{ messages[1:] + [{'role': 'user'}] }}",
        "{{ content.split('</think>')[-1].lstrip('\\n') }}{% if tools is defined and tools is not none %}{% endif %}",
        "{% for i in range(messages | length) %}{{ '=' * 80 }}{% endfor %}",
    ],
)
def test_what_real_templates_do_is_left_alone(template: str) -> None:
    """Loop controls, the generation tag, namespaces, macros and transformers' own functions pass."""
    assert [] == list(flaws(parse(template)))


def test_the_templates_of_real_models_are_left_alone() -> None:
    """No template of the real configurations has a flaw."""
    found = [template for facts in real_configs().values() for template in templates(facts)]
    assert len(found) >= 15
    assert [] == [flaw for template in found for flaw in flaws(parse(template.text))]


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in y %}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "x" * (MAX_CHARACTERS + 1),
        "{% endfor %}",
        "{{ '\\N{no such name}' }}",
        "{% block a %}{% block a %}{% endblock %}",
    ],
)
def test_what_cannot_be_parsed_is_an_error_of_its_own(template: str) -> None:
    """Unclosed tags, endless nesting, huge numbers and huge texts all raise TemplateError."""
    with pytest.raises(TemplateError):
        parse(template)


def test_an_error_does_not_quote_the_template() -> None:
    """What a stranger wrote does not reach the terminal through an error message."""
    with pytest.raises(TemplateError) as caught:
        parse("{% some_very_long_name_of_a_stranger %}")
    assert "stranger" not in caught.value.reason


def test_a_chain_that_would_exhaust_the_stack_is_a_flaw() -> None:
    """The tree is walked without recursion, and its depth is limited."""
    assert ["has more than 50000 parts or 300 levels"] == _certain("{{ a" + ".a" * 20_000 + " }}")


@pytest.mark.fault("templates that take for ever", "a finding, unrendered")
def test_reading_a_hostile_template_takes_no_time() -> None:
    """A constant that compiling would compute is only looked at."""
    start = time.monotonic()
    _certain("{{ ('a' * 999999999 * 999999999) ~ (9 ** 9 ** 9 ** 9) }}")
    assert time.monotonic() - start < 5


@given(st.text(max_size=300) | st.text(alphabet="{}%# _.|()[]'\"09abforinendmacroset\n", max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_either_read_or_refused(template: str) -> None:
    """Whatever a template holds, nothing but TemplateError comes out."""
    try:
        messages = [flaw.message for flaw in flaws(parse(template))]
    except TemplateError as error:
        messages = [error.reason]
    assert all(messages)
