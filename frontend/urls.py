"""Addresses of the pages. Mounted at the root by gridcity.urls."""

from django.urls import include, path

from frontend.pages import board, desk, editor, help, home, inspector, login, rules, wall

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", login.login, name="login"),
    path("inspector/", inspector.inspector, name="inspector"),
    path("sw.js", inspector.worker, name="phone-worker"),
    path("inspector/manifest.webmanifest", inspector.manifest, name="phone-manifest"),
    path("desk/supervision/", desk.supervision, name="desk-supervision"),
    path("desk/dispatch/", desk.dispatch, name="desk-dispatch"),
    path("desk/department/", desk.department, name="desk-department"),
    path("board/", board.board, name="board"),
    path("wall/", wall.wall, name="wall"),
    path("editor/", editor.editor, name="editor"),
    path("rules/", rules.rules, name="rules"),
    path("help/keys", help.keys, name="help-keys"),
    path("i18n/", include("django.conf.urls.i18n")),
]
