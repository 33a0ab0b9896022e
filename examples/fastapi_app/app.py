"""A small learning site on FastAPI that plays SCORM courses inside itself.

Users, their logins and a grade book are the site's own tables; the courses' tracking lies beside them in the same
database, and a grade is written in the same transaction as the tracking that earned it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from database import VAR, authenticate, create_tables, engine, find_user, grades, learners_progress, write_grade
from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection

from scorm_embed import DirectoryContent, HookEvent, Learner, ScormEmbed, SQLStorage
from scorm_embed.integrations.fastapi import CurrentLearner, mount

HERE = Path(__file__).parent
COURSES = HERE.parent / "courses" / "dist"
SITE = HERE.parent / "site"
SECRET = os.environ.get("SITE_SECRET", "only-for-trying-it-out-0123456789abcdef")

# -- the mount: these are the lines a host writes ---------------------------------------------------------------------


async def current_learner(connection: HTTPConnection) -> Learner | None:
    user = await find_user(connection.session.get("user_id"))
    return Learner(id=str(user.id), name=user.name) if user else None


scorm = ScormEmbed(
    secret_key=SECRET,
    storage=SQLStorage(engine=engine),
    content=DirectoryContent(VAR / "courses"),
    learner=current_learner,
)


@scorm.on("progress", transaction=True)
@scorm.on("ended", transaction=True)
async def keep_grade_book(event: HookEvent) -> None:
    """Write the grade in the same transaction as the tracking: both are there, or neither is."""
    await write_grade(event.connection, event.user_id, event.package_id, event.session)


# ---------------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Prepare the site: its tables, two learners, the example courses."""
    await create_tables()
    if not (await scorm.packages())["packages"]:
        for course in sorted(COURSES.glob("*.zip")):
            await scorm.import_package(course)
    yield
    await engine.dispose()


app = FastAPI(title="A learning site", lifespan=lifespan)
mount(app, scorm, "/scorm", openapi=True)
app.mount("/static", StaticFiles(directory=SITE / "static"))
app.add_middleware(SessionMiddleware, secret_key=SECRET)
templates = Jinja2Templates(SITE / "templates")


@app.exception_handler(401)
async def ask_for_login(request: Request, error: Exception) -> Response:
    """``CurrentLearner`` finds nobody signed in."""
    return RedirectResponse("/login", status_code=303)


@app.get("/login")
async def login_page(request: Request) -> HTMLResponse:
    return templates.TemplateResponse(request, "login.html", {"failed": False})


@app.post("/login")
async def login(request: Request, email: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
    user = await authenticate(email, password)
    if user is None:
        return templates.TemplateResponse(request, "login.html", {"failed": True}, status_code=401)
    request.session["user_id"] = user.id
    return RedirectResponse("/", status_code=303)


@app.post("/logout")
async def logout(request: Request) -> Response:
    request.session.clear()
    return RedirectResponse("/login", status_code=303)


@app.get("/")
async def courses(request: Request, user: CurrentLearner) -> HTMLResponse:
    packages = (await scorm.packages())["packages"]
    mine = {row.course_id: row for row in await grades(int(user.id))}
    return templates.TemplateResponse(request, "courses.html", {"user": user, "courses": packages, "grades": mine})


@app.get("/courses/{course_id}")
async def course(request: Request, course_id: str, user: CurrentLearner) -> HTMLResponse:
    """The launch page: one session per learner and course, so that opening it again goes on where they were."""
    package = await scorm.package(course_id)
    launch = await scorm.launch(
        course_id,
        user,
        session_id=f"{user.id}-{course_id}",
        return_url=str(request.url_for("finished")),
        request=request,
    )
    context = {"user": user, "course": package, "player_url": launch["player_url"]}
    return templates.TemplateResponse(request, "course.html", context)


@app.get("/finished")
async def finished(request: Request) -> HTMLResponse:
    """Shown inside the frame when the course has ended."""
    return templates.TemplateResponse(request, "finished.html", {})


@app.get("/progress")
async def progress(request: Request, user: CurrentLearner) -> HTMLResponse:
    titles = {package["id"]: package["title"] for package in (await scorm.packages())["packages"]}
    context = {"user": user, "rows": await learners_progress(), "titles": titles}
    return templates.TemplateResponse(request, "progress.html", context)
