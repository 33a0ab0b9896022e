"""A small learning site on Flask that plays SCORM courses inside itself.

Users, their logins and a grade book are the site's own tables; the courses' tracking lies beside them in the same
database, and a grade is written in the same transaction as the tracking that earned it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from database import DATABASE, VAR, authenticate, create_tables, find_user, grades, learners_progress, write_grade
from flask import Flask, g, redirect, render_template, request, session
from werkzeug.wrappers import Response

from scorm_embed import DirectoryContent, HookEvent, Learner, ScormEmbed, SQLStorage
from scorm_embed.integrations.flask import mount

HERE = Path(__file__).parent
COURSES = HERE.parent / "courses" / "dist"
SITE = HERE.parent / "site"
SECRET = os.environ.get("SITE_SECRET", "only-for-trying-it-out-0123456789abcdef")

app = Flask(__name__, template_folder=str(SITE / "templates"), static_folder=str(SITE / "static"))
app.secret_key = SECRET

# -- the mount: these are the lines a host writes ---------------------------------------------------------------------


def current_learner(connection: Any) -> Learner | None:
    user = find_user(session.get("user_id"))
    return Learner(id=str(user.id), name=user.name) if user else None


scorm = ScormEmbed(
    secret_key=SECRET,
    storage=SQLStorage(DATABASE),
    content=DirectoryContent(VAR / "courses"),
    learner=current_learner,
)
mount(app, scorm, "/scorm")


@scorm.on("progress", transaction=True)
@scorm.on("ended", transaction=True)
async def keep_grade_book(event: HookEvent) -> None:
    """Write the grade in the same transaction as the tracking: both are there, or neither is."""
    await write_grade(event.connection, event.user_id, event.package_id, event.session)


# ---------------------------------------------------------------------------------------------------------------------


@app.cli.command("prepare")
def prepare() -> None:
    """Make the site's tables, two learners, and import the example courses."""
    create_tables()
    if not scorm.sync.packages()["packages"]:
        for course in sorted(COURSES.glob("*.zip")):
            scorm.sync.import_package(course)


def signed_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """Ask for a login where nobody is signed in; ``g.user`` is the learner."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.user = current_learner(request)
        return redirect("/login", 303) if g.user is None else view(*args, **kwargs)

    return guarded


@app.get("/login")
def login_page() -> str:
    return render_template("login.html", failed=False)


@app.post("/login")
def login() -> Response | tuple[str, int]:
    user = authenticate(request.form["email"], request.form["password"])
    if user is None:
        return render_template("login.html", failed=True), 401
    session["user_id"] = user.id
    return redirect("/", 303)


@app.post("/logout")
def logout() -> Response:
    session.clear()
    return redirect("/login", 303)


@app.get("/")
@signed_in
def courses() -> str:
    mine = {row.course_id: row for row in grades(int(g.user.id))}
    return render_template("courses.html", user=g.user, courses=scorm.sync.packages()["packages"], grades=mine)


@app.get("/courses/<course_id>")
@signed_in
def course(course_id: str) -> str:
    """The launch page: one session per learner and course, so that opening it again goes on where they were."""
    package = scorm.sync.package(course_id)
    launch = scorm.sync.launch(
        course_id,
        g.user,
        session_id=f"{g.user.id}-{course_id}",
        return_url=request.host_url + "finished",
        request=request,
    )
    return render_template("course.html", user=g.user, course=package, player_url=launch["player_url"])


@app.get("/finished")
def finished() -> str:
    """Shown inside the frame when the course has ended."""
    return render_template("finished.html")


@app.get("/progress")
@signed_in
def progress() -> str:
    titles = {package["id"]: package["title"] for package in scorm.sync.packages()["packages"]}
    return render_template("progress.html", user=g.user, rows=learners_progress(), titles=titles)
