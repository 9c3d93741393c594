# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about templates?

``TemplateNotFoundError`` 404        the content has none of that name; names what is near
``ArgumentsInvalidError`` 422        variables do not fit; names each with what would be right
``ContentYamlError``                 a file of the content cannot be read; told in the template
"""

from collections.abc import Sequence

from api.core.errors import FieldError, InvalidInputError, MyxError, NotFoundError


class TemplateNotFoundError(NotFoundError):
    """There is no template of that name; 'myx template list' lists them."""

    code = "template_not_found"

    @classmethod
    def of(cls, name: str, near: Sequence[str]) -> "TemplateNotFoundError":
        """Make it for one name."""
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        return cls(f"There is no template '{name}'.{hint} 'myx template list' lists them.")


class ArgumentsInvalidError(InvalidInputError):
    """Variables do not fit what the template says of its arguments."""

    code = "arguments_invalid"

    @classmethod
    def of(cls, template: str, errors: Sequence[FieldError]) -> "ArgumentsInvalidError":
        """Make it for all variables that do not fit."""
        return cls(
            f"The variables do not fit {template}; 'myx template show {template}' tells what does.",
            tuple(errors),
        )


class ContentYamlError(MyxError):
    """A file of the content cannot be read."""

    code = "content_yaml"
