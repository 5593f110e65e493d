"""Rules on the chat template: there, in an accepted place, parsed, and nothing that the sandbox refuses."""

from collections.abc import Iterator

from validation.chat_template import FILES, FOLDER, JINJA_FILE, JSON_FILE, TOKENIZER_FILE, Template, templates
from validation.facts import RepositoryFacts
from validation.finding import Place, Severity
from validation.rules.access import ACCESS
from validation.rules.config import CONFIG
from validation.rules.rule import Answer, Rule, Subject, skipped, unknown

_SHOWN = 5  # findings of one template
_CONVERT = (
    'put its text under `chat_template` in tokenizer_config.json: python -c "import json, pathlib; '
    "c = pathlib.Path('tokenizer_config.json'); d = json.loads(c.read_text()); "
    "d['chat_template'] = pathlib.Path('{path}').read_text(); c.write_text(json.dumps(d, indent=2))\""
)


def missing(subject: Subject) -> Iterator[Answer]:
    """Require a chat template for a model that chats.

    Why: without one the server starts, and answers every chat request with 400. The contract asks for a template
    without exception; for embedding models, which never use one, this rule does not.
    Example: a base model such as `Qwen/Qwen2.5-0.5B` of an early commit, or a fine-tune that was saved without it.
    Fix: copy `chat_template` from the tokenizer_config.json of the instruct model, or choose the instruct model.
    Source: the contract, "A chat template included in either: tokenizer_config.json ..., chat_template.json"; vLLM
    issues 39279 and 29849.
    """
    model_type = subject.wish.model_type or subject.model.model_type
    if model_type is None or not model_type.chats:
        yield skipped("models of this type use no chat template")
    elif _broken(subject.facts):
        yield skipped("tokenizer_config.json is malformed")
    elif unread := _unread(subject.facts):
        if not templates(subject.facts):
            yield unknown(f"{unread} could not be read, which may hold the chat template", help="try again")
    elif not _any_place(subject.facts):
        required = subject.contract.chat_template_required
        yield Answer(
            message="no chat template: every chat request would be answered with 400",
            help="copy `chat_template` from the tokenizer_config.json of the instruct model this one was made from",
            severity=None if required else Severity.WARNING,
            where=Place(path=TOKENIZER_FILE, key="chat_template"),
        )


def unaccepted_place(subject: Subject) -> Iterator[Answer]:
    """Require the chat template in a place that the contract accepts.

    Why: today's transformers saves it as chat_template.jinja, and the contract names two places only:
    `chat_template` in tokenizer_config.json and in chat_template.json.
    Example: a fine-tune saved with transformers 4.51 or later: chat_template.jinja, and no field anywhere.
    Fix: write the file's text into tokenizer_config.json as well; the help has the command.
    Source: the contract, "A chat template included in either".
    """
    found = templates(subject.facts)
    if not found:
        yield skipped("there is no chat template")
    elif not any(template.path in subject.contract.chat_template_files for template in found):
        path = found[0].path
        yield Answer(
            message=f"the chat template stands in {path}, which {subject.contract.title} does not read",
            help=_CONVERT.format(path=path)
            if path == JINJA_FILE
            else "save it under `chat_template` in tokenizer_config.json",
            where=Place(path=path),
        )


def malformed(subject: Subject) -> Iterator[Answer]:
    """Require that the field is a text, or a list of named texts with a `default`.

    Why: transformers accepts a string, or a list of `{"name", "template"}` from which a chat request takes `default`.
    Anything else fails when the first request arrives. A chat_template.jinja has to be UTF-8, with something in it.
    Example: `"chat_template": {}`, an empty string, or a list with only `tool_use`.
    Fix: write the template as one string.
    Source: transformers' get_chat_template.
    """
    text = subject.facts.texts.get(JINJA_FILE)
    if text is not None and not text.unread and not (text.value or "").strip():
        yield Answer(
            message=f"{JINJA_FILE} {text.problem or 'is empty'}",
            help="write the template into the file as UTF-8, or delete the file",
            where=Place(path=JINJA_FILE),
        )
    for path in (TOKENIZER_FILE, JSON_FILE):
        document = subject.facts.documents.get(path)
        if document is None or document.unread:
            continue
        if document.value is not None:
            problem = _field_problem(subject.facts, path)
        else:  # tokenizer_config.json has a rule of its own for this
            problem = (document.problem or "is not a JSON object") if path == JSON_FILE else ""
        if problem:
            yield Answer(
                message=f"{path} {problem}" if document.value is None else f"`chat_template` in {path} {problem}",
                help="write the template as one string under `chat_template`",
                where=Place(path=path, line=document.line, column=document.column, key="chat_template"),
            )


def _field_problem(facts: RepositoryFacts, path: str) -> str:
    value = facts.document(path).get("chat_template")
    if value is None:
        return "is missing" if path == JSON_FILE else ""
    if isinstance(value, str):
        return "" if value.strip() else "is empty"
    if not isinstance(value, list | dict):
        return "is neither a text nor a list of named texts"
    names = {template.name for template in templates(facts) if template.path == path}
    return "" if "default" in names else "has no template named `default`"


def shadowed(subject: Subject) -> Iterator[Answer]:
    """Warn when two places hold different templates.

    Why: a file (chat_template.jinja, then chat_template.json) beats the field in tokenizer_config.json, so the one that
    an accepted place shows may not be the one that answers.
    Example: a template that was corrected in tokenizer_config.json while chat_template.jinja kept the old text.
    Fix: write the same text in both places, or delete one.
    Source: transformers' PreTrainedTokenizerBase and ProcessorMixin.
    """
    defaults = [template for template in templates(subject.facts) if template.name == "default"]
    others = [template for template in defaults[1:] if template.text.strip() != defaults[0].text.strip()]
    if others:
        yield Answer(
            message=f"{defaults[0].path} holds another chat template than {others[0].path}, and wins",
            help=f"write the same text in both, or delete the one in {others[0].path}",
            where=Place(path=others[0].path, key=others[0].key),
        )


def syntax(subject: Subject) -> Iterator[Answer]:
    """Require a chat template that jinja2 can parse, set up as transformers and vLLM set it up.

    Why: a template that cannot be parsed fails every chat request.
    Example: `{% for message in messages %}` without `{% endfor %}`.
    Fix: correct the template at the line that is named.
    Source: transformers' _compile_jinja_template (trim_blocks, lstrip_blocks, loop controls, the generation tag).
    """
    found = templates(subject.facts)
    if not found:
        yield skipped("there is no chat template")
        return
    from validation.sandbox import TemplateError, parse  # noqa: PLC0415 - only a template needs jinja2

    for template in found:
        try:
            parse(template.text)
        except TemplateError as error:
            yield Answer(
                message=f"chat template{_which(template)} {_cannot(error.reason)}",
                help="correct the template" + (f" at its line {error.line}" if error.line else ""),
                where=_place(template, error.line),
            )


def _cannot(reason: str) -> str:
    return reason if reason.startswith(("has ", "nests ", "holds ")) else f"cannot be parsed: {reason}"


def unsafe(subject: Subject) -> Iterator[Answer]:
    """Refuse a chat template that does what vLLM's sandbox refuses, or that counts without end.

    Why: a template is a program of a stranger that runs for every request. The sandbox refuses internals of Python,
    changes to lists and mappings, unknown filters, other templates and ranges beyond 100,000: such a request fails.
    A literal like `'a' * 9999999999` is not refused, it eats the server's memory. Nothing is rendered to find out.
    Example: `{{ ''.__class__.__mro__ }}`; `{% set _ = messages.append(x) %}`.
    Fix: build new values (`messages + [x]`, `namespace`), and use the filters that jinja2 has.
    Source: jinja2's ImmutableSandboxedEnvironment.
    """
    written = templates(subject.facts)
    if not written:
        return
    from validation.sandbox import TemplateError, flaws, parse  # noqa: PLC0415 - only a template needs jinja2

    for template in written:
        try:
            found = list(dict.fromkeys(flaws(parse(template.text))))
        except TemplateError:
            continue
        for flaw in found[:_SHOWN]:
            yield Answer(
                message=f"chat template{_which(template)} {flaw.message}, at its line {flaw.line}",
                help="rewrite this part of the template without it",
                severity=None if flaw.certain else Severity.WARNING,
                where=_place(template, flaw.line),
            )


def _which(template: Template) -> str:
    return "" if template.name == "default" else f" `{template.name[:40]}`"


def _place(template: Template, line: int | None) -> Place:
    plain = template.path == JINJA_FILE or template.path.startswith(FOLDER)
    return Place(path=template.path, line=line if plain else None, key=template.key)


def _any_place(facts: RepositoryFacts) -> bool:
    return any(template.name == "default" for template in templates(facts)) or any(
        facts.document(path).get("chat_template") is not None for path in (TOKENIZER_FILE, JSON_FILE)
    )


def _broken(facts: RepositoryFacts) -> bool:
    """Return whether the field of the malformed tokenizer_config.json might have been the only template."""
    document = facts.documents.get(TOKENIZER_FILE)
    return document is not None and document.value is None and not document.unread and not templates(facts)


def _unread(facts: RepositoryFacts) -> str:
    """Return the first file that may hold a template and was not read; a malformed one was read."""
    for path in FILES:
        text, document = facts.texts.get(path), facts.documents.get(path)
        if facts.has(path) and (text is None or text.unread) and (document is None or document.unread):
            return path
    return ""


RULES = (
    Rule(name="chat-template-malformed", severity=Severity.ERROR, check=malformed, requires=ACCESS),
    Rule(
        name="chat-template-missing",
        severity=Severity.ERROR,
        check=missing,
        requires=(*CONFIG, "chat-template-malformed"),
    ),
    Rule(
        name="chat-template-unaccepted-place",
        severity=Severity.ERROR,
        check=unaccepted_place,
        requires=(*ACCESS, "chat-template-missing"),
    ),
    Rule(name="chat-template-shadowed", severity=Severity.WARNING, check=shadowed, requires=ACCESS),
    Rule(name="chat-template-syntax", severity=Severity.ERROR, check=syntax, requires=ACCESS),
    Rule(
        name="chat-template-unsafe",
        severity=Severity.ERROR,
        check=unsafe,
        requires=(*ACCESS, "chat-template-syntax"),
    ),
)
