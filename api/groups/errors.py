# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with groups?

``MyxError``
├── ``NotFoundError``
│   └── ``GroupNotFoundError``       no group has that name
├── ``ConflictError``
│   ├── ``GroupExistsError``         the name is taken
│   ├── ``GroupCycleError``          a group would be inside itself; names the way round
│   ├── ``GroupInUseError``          hosts or other groups are in it
│   ├── ``BuiltInGroupError``        ``all`` and ``ungrouped`` are Ansible's own
│   └── ``ChangedMeanwhileError``    somebody else has changed it since it was read
└── ``InvalidInputError``
    └── ``MemberUnknownError``       a child or a host that does not exist
"""

from collections.abc import Sequence

from api.core.errors import ConflictError, FieldError, InvalidInputError, NotFoundError

LIST_HINT = "'myx group list' shows all groups."


class GroupNotFoundError(NotFoundError):
    """There is no such group."""

    code = "group_not_found"

    @classmethod
    def of(cls, name: str) -> "GroupNotFoundError":
        """Make the error that names what is missing."""
        return cls(f"There is no group '{name}'. {LIST_HINT}")


class GroupExistsError(ConflictError):
    """A group has that name already."""

    code = "group_exists"

    @classmethod
    def of(cls, name: str) -> "GroupExistsError":
        """Make the error that names the group."""
        return cls(
            f"There is a group '{name}' already. Change it with PATCH /api/v1/groups/{name}, "
            "or choose another name."
        )


class GroupCycleError(ConflictError):
    """A group cannot be inside itself."""

    code = "group_cycle"

    @classmethod
    def of(cls, path: Sequence[str]) -> "GroupCycleError":
        """Make the error that names the way round."""
        way = " -> ".join(path)
        return cls(f"'{path[0]}' would be inside itself: {way}. Take one of these out first.")


class GroupInUseError(ConflictError):
    """Hosts or other groups are in it."""

    code = "group_in_use"

    @classmethod
    def of(cls, name: str, hosts: int, children: int) -> "GroupInUseError":
        """Make the error that says what is in the group, and that hosts are never deleted."""
        return cls(
            f"Group '{name}' has {hosts} hosts and {children} groups in it. Take them out first, "
            "or delete it with ?detach=true (myx group remove --detach): they leave the group and "
            "stay."
        )


class BuiltInGroupError(ConflictError):
    """Ansible's own groups cannot be changed so."""

    code = "group_built_in"

    @classmethod
    def of(cls, name: str) -> "BuiltInGroupError":
        """Make the error that says what can be changed."""
        return cls(
            f"'{name}' is Ansible's own group: who is in it follows from the other groups. "
            "Its variables and its description can be changed, nothing else."
        )


class ChangedMeanwhileError(ConflictError):
    """Somebody else has changed it meanwhile; read it again and repeat the change."""

    code = "changed_meanwhile"


class MemberUnknownError(InvalidInputError):
    """What is to be in the group does not exist."""

    code = "member_unknown"

    @classmethod
    def of(cls, field: str, noun: str, names: Sequence[str]) -> "MemberUnknownError":
        """Make the error that names what is missing."""
        listed = ", ".join(f"'{name}'" for name in names)
        message = f"There is no {noun} {listed}. Create it first, or correct the name."
        return cls(message, (FieldError(field, message),))
