"""Learners who all take a course at once, as the player's page sends it: ``start``, then numbered commits.

Every request has a connection of its own, so that a learner's commits come to whichever worker takes them. One in ten
has a bad network: what it sends arrives several at once, in any order, and twice.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

AT_ONCE = 4
"""Commits that a bad network mixes up."""
BAD_NETWORK_EVERY = 10
PAGE = 30
"""Rows of the log that are asked for at once; fewer than there are, so that its pages are read, too."""


@dataclass
class Seen:
    """What the whole crowd was answered."""

    workers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    commit_seconds: list[float] = field(default_factory=list)


class CrowdLearner:
    """One learner with a session of its own."""

    def __init__(self, client: httpx.AsyncClient, seen: Seen, number: int, commits: int) -> None:
        self._client, self._seen = client, seen
        self.session, self.commits = f"crowd-{number}", commits
        self.bad_network = number % BAD_NETWORK_EVERY == BAD_NETWORK_EVERY - 1
        self.workers: set[str] = set()
        self.acknowledged = 0

    async def _ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        answer = await self._client.request(method, path, json=body)
        worker = answer.headers.get("x-worker", "")
        self._seen.workers[worker] += 1
        self.workers.add(worker)
        if answer.status_code not in (200, 201):
            self._seen.errors.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    def elements(self, number: int) -> list[list[str]]:
        """What the course sets before a commit."""
        place = f"cmi.interactions.{number - 1}"
        return [
            [f"{place}.id", f"q{number}"],
            [f"{place}.type", "other"],
            [f"{place}.learner_response", f"{self.session} answers {number} äöü"],
            ["cmi.location", f"p{number}"],
            ["cmi.score.scaled", str(number / self.commits)],
        ]

    async def take(self, package: str) -> None:
        """Launch, open the page, send every commit."""
        body = {"user_id": self.session, "session_id": self.session}
        launched = (await self._ask("POST", f"api/v1/packages/{package}/launch", body)).json()
        page = await self._ask("GET", str(launched["player_url"]))
        boot = re.search(r'id="boot">(.*?)</script>', page.text, re.DOTALL)
        assert boot is not None
        self._run = str(page.url.join(json.loads(boot[1])["run"]))
        self._view = (await self._ask("POST", f"{self._run}start", {"recover": [], "language": "en"})).json()["view"]
        numbers = list(range(1, self.commits + 1))
        if not self.bad_network:
            for number in numbers:
                await self._commit(number)
            return
        chance = random.Random(self.session)
        for first in range(0, len(numbers), AT_ONCE):
            sent = numbers[first : first + AT_ONCE] * 2
            chance.shuffle(sent)
            await asyncio.gather(*(self._commit(number) for number in sent))

    async def _commit(self, number: int) -> None:
        commit = {
            "number": number,
            "sent_at": "2025-01-15T10:15:30.000Z",
            "activity": self._view["activity"]["id"],
            "view": self._view["number"],
            "initialized": number == 1,
            "terminated": False,
            "elements": self.elements(number),
            "tolerated": [],
        }
        body = {"launch": self._view["launch"], "view": self._view["number"], "commits": [commit]}
        began = time.perf_counter()
        answer = await self._ask("POST", f"{self._run}commit", {**body, "navigate": None, "leave": False})
        self._seen.commit_seconds.append(time.perf_counter() - began)
        if answer.status_code == 200:
            assert answer.json()["refused"] == []
            self.acknowledged = max(self.acknowledged, answer.json()["acknowledged"])

    # -- what must be there afterwards

    def expected(self) -> dict[str, str]:
        """Every element that the course has set, with its last value."""
        return {name: value for number in range(1, self.commits + 1) for name, value in self.elements(number)}

    async def kept(self) -> tuple[dict[str, Any], list[tuple[int, str]]]:
        """The session as the API shows it, and numbers and status of its log's commits."""
        session = (await self._ask("GET", f"api/v1/sessions/{self.session}")).json()
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            path = f"api/v1/sessions/{self.session}/commits?limit={PAGE}{cursor}"
            part = (await self._ask("GET", path)).json()
            rows += part["commits"]
            if part["next_cursor"] is None:
                return session, [(row["number"], row["status"]) for row in rows if row["kind"] == "commit"]
            cursor = f"&cursor={part['next_cursor']}"
