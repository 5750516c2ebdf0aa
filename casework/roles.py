"""The roles a post can have. What a role may do stands in the move tables and policies."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    INSPECTOR = "inspector", _("inspector")  # 监督员
    ACCEPTOR = "acceptor", _("acceptor")  # 受理员
    SHIFT_LEADER = "shift_leader", _("shift leader")  # 值班长
    DISPATCHER = "dispatcher", _("dispatcher")  # 派遣员
    DEPARTMENT = "department", _("department desk")  # 专业部门
    MANAGER = "manager", _("manager")  # 领导
    SYSTEM_ADMIN = "system_admin", _("system administrator")  # 系统管理员
    SECURITY_ADMIN = "security_admin", _("security administrator")  # 安全管理员
    AUDIT_ADMIN = "audit_admin", _("audit administrator")  # 审计管理员


SUPERVISION = frozenset({Role.ACCEPTOR, Role.SHIFT_LEADER})
COMMAND = frozenset({Role.DISPATCHER})
# GB/T 22239 (clause not read): the three administrators exclude each other and all work on cases.
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})


def may_share_a_person(one: Role, other: Role) -> bool:
    """May one person hold both roles at the same time? The database refuses it too (administrators.sql)."""
    return one == other or not ADMINISTRATORS & {one, other}
