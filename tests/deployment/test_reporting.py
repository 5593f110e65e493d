"""What the plan says of a model."""

from deployment.reporting import validation
from stacks.reader import read_config
from tests.output.reports import ATTACK
from tests.stacks.stack import as_config, stack


def test_a_terminal_obeys_nothing_that_a_repository_has_written() -> None:
    """The engine prints messages as they are, so escapes and line ends are gone before."""
    found = validation(read_config(as_config(stack())), ATTACK)["findings"]
    texts = [text for each in found for text in (each["message"], each.get("help", ""), each.get("where", ""))]

    assert any("x1b" in text for text in texts)
    assert [] == [text for text in texts if not text.isprintable()]
