"""The site's own tables: users with their logins, and the grade book."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

VAR = Path(os.environ.get("SITE_FOLDER", Path(__file__).parent / "var"))
VAR.mkdir(parents=True, exist_ok=True)
DATABASE = os.environ.get("SITE_DATABASE", f"sqlite:///{VAR / 'site.db'}")
engine = create_engine(DATABASE)

metadata = MetaData()
users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(200), unique=True, nullable=False),
    Column("name", String(200), nullable=False),
    Column("password", String(200), nullable=False),
)
grade_book = Table(
    "grade_book",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("course_id", String(100), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("score", Float),
    Column("seconds", Float, nullable=False),
)


def hash_password(password: str, salt: str) -> str:
    digest = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1)
    return f"{salt}:{digest.hex()}"


def create_tables() -> None:
    """Make the tables, and two learners to try the site with."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        if connection.execute(select(users.c.id).limit(1)).first() is None:
            for email, name in (("anna@example.org", "Alm, Anna"), ("ben@example.org", "Berg, Ben")):
                password = hash_password("learn", secrets.token_hex(16))
                connection.execute(insert(users).values(email=email, name=name, password=password))


def _rows(statement: Any) -> Sequence[Any]:
    with engine.connect() as connection:
        return connection.execute(statement).all()


def authenticate(email: str, password: str) -> Any:
    """Give the user with this e-mail and password, or None."""
    found = _rows(select(users).where(users.c.email == email))
    salt = found[0].password.partition(":")[0] if found else "00" * 16
    right = hmac.compare_digest(hash_password(password, salt), found[0].password if found else "")
    return found[0] if right else None


def find_user(user_id: int | None) -> Any:
    """Give a user, or None."""
    found = _rows(select(users).where(users.c.id == user_id))
    return found[0] if found else None


async def write_grade(connection: AsyncConnection, user_id: str, course_id: str, session: Mapping[str, Any]) -> None:
    """Write a learner's grade for a course, within the transaction of ``connection``."""
    key = (grade_book.c.user_id == int(user_id)) & (grade_book.c.course_id == course_id)
    await connection.execute(delete(grade_book).where(key))
    score = session["score"]["scaled"] if session["score"] else None
    await connection.execute(
        insert(grade_book).values(
            user_id=int(user_id),
            course_id=course_id,
            status=session["state"],
            score=score,
            seconds=session["time_spent_seconds"],
        )
    )


def grades(user_id: int) -> Sequence[Any]:
    """Give a learner's grades."""
    return _rows(select(grade_book).where(grade_book.c.user_id == user_id))


def learners_progress() -> Sequence[Any]:
    """Give everybody's grades with their names."""
    return _rows(select(users.c.name, grade_book).join_from(users, grade_book).order_by(users.c.name))
