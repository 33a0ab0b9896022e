"""Webhooks against a real receiver: signed, tried again for a day, never lost, and tried out on request."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import standardwebhooks

from scorm_embed import AccessError, ConfigurationError, NotFoundError, Webhook, verify_webhook
from scorm_embed.service.outbox import RETRY_SECONDS

pytestmark = pytest.mark.anyio

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret that is long enough").decode()
NOTHING = {"delivered": 0, "failed": 0, "dead": 0}
HANG = -1


class Receiver:
    """A server of the kind that hosts write; ``answers`` says what it does next, 204 when nothing is said."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[Any] = []
        self.ending = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.calls.append((dict(self.headers.items()), body))
                answer = receiver.answers.pop(0) if receiver.answers else 204
                if answer == HANG:
                    receiver.ending.wait(30)
                    self.close_connection = True
                    return
                status, headers, text = answer if isinstance(answer, tuple) else (answer, {}, b"")
                self.send_response(status)
                for name, value in {"content-length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self) -> None:
                raise AssertionError("a redirect was followed")

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks?from=scorm"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.calls]

    def close(self) -> None:
        self.ending.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now


async def host_with(make_host: Any, *webhooks: Webhook, **options: Any) -> Any:
    """A host with webhooks, a course, a session ``s`` and a clock."""
    host = make_host(webhooks=list(webhooks), base_url="http://host/scorm", **options)
    host.clock = Clock()
    host.scorm.use_clock(host.clock)
    package = await host.course()
    await host.scorm.launch(package, "u", session_id="s")
    return host


async def complete(host: Any) -> None:
    await host.scorm.update_session("s", version=1, completion_status="completed", score={"scaled": 0.5})


async def test_a_receivers_own_library_accepts_what_is_sent(make_host: Any, receiver: Receiver, check: Any) -> None:
    host = await host_with(make_host, Webhook(receiver.url, SECRET, events=["completed"]))
    await complete(host)
    assert await host.scorm.deliver_events() == {**NOTHING, "delivered": 1}
    ((headers, body),) = receiver.calls
    document = standardwebhooks.Webhook(SECRET).verify(body, headers)
    assert document == verify_webhook(SECRET, headers, body, now=host.clock.now)
    assert document == {
        "id": headers["webhook-id"],
        "type": "completed",
        "at": host.clock.now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "tenant_id": "default",
        "session": await host.scorm.session("s"),
    }
    assert (headers["content-type"], headers["user-agent"]) == ("application/json", "scorm_embed")
    check("WebhookEvent", document)
    assert (await host.scorm.events(state="waiting"))["events"] == []
    await host.scorm.aclose()


async def test_only_the_events_and_tenants_that_were_asked_for_are_sent(make_host: Any, receiver: Receiver) -> None:
    host = await host_with(
        make_host,
        Webhook(receiver.url + "&1", SECRET, events={"passed"}),
        Webhook(receiver.url + "&2", SECRET, tenant_id="other"),
        Webhook(receiver.url + "&3", SECRET, tenant_id="default"),
    )
    await complete(host)
    assert (await host.scorm.deliver_events())["delivered"] == 2
    assert sorted(document["type"] for document in receiver.documents) == ["completed", "progress"]
    await host.scorm.aclose()


async def test_500_and_then_200_is_tried_again_with_the_same_id_and_a_new_timestamp(
    make_host: Any, receiver: Receiver
) -> None:
    host = await host_with(make_host, Webhook(receiver.url, SECRET, events=["completed"]))
    receiver.answers = [(500, {}, b"<h1>out of order</h1>" + b"x" * 5000), 200]
    await complete(host)
    assert await host.scorm.deliver_events() == {**NOTHING, "failed": 1}
    (event,) = (await host.scorm.events(state="waiting"))["events"]
    assert event["last_error"].startswith(
        f"webhook {receiver.url}: WebhookError: 500 Internal Server Error: <h1>out of order</h1>xxx"
    )
    assert len(event["last_error"]) < 1200
    assert await host.scorm.deliver_events() == NOTHING
    host.clock.now += timedelta(seconds=RETRY_SECONDS[0] * 1.2)
    assert await host.scorm.deliver_events() == {**NOTHING, "delivered": 1}
    (first, one), (second, two) = receiver.calls
    assert (one, first["webhook-id"]) == (two, second["webhook-id"])
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 6
    assert first["webhook-signature"] != second["webhook-signature"]
    await host.scorm.aclose()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((302, {"location": "/elsewhere"}, b""), "302 Found"),
        (404, "404 Not Found"),
        ((299 + 300, {}, b"odd"), "599 Status: odd"),
    ],
    ids=["redirect", "not found", "unknown"],
)
async def test_whatever_is_not_2xx_is_tried_again(make_host: Any, receiver: Receiver, answer: Any, error: str) -> None:
    host = await host_with(make_host, Webhook(receiver.url, SECRET, events=["completed"]))
    receiver.answers = [answer]
    await complete(host)
    assert await host.scorm.deliver_events() == {**NOTHING, "failed": 1}
    (event,) = (await host.scorm.events(state="waiting"))["events"]
    assert event["last_error"] == f"webhook {receiver.url}: WebhookError: {error}"
    await host.scorm.aclose()


async def test_a_receiver_that_hangs_is_left_after_its_time_and_holds_up_nobody(
    make_host: Any, receiver: Receiver
) -> None:
    host = await host_with(
        make_host,
        Webhook(receiver.url, SECRET, events=["completed"], timeout_seconds=0.2),
        Webhook("http://127.0.0.1:9/nobody-listens", SECRET, events=["completed"]),
    )
    told: list[str] = []

    @host.scorm.on("completed")
    async def note(event: Any) -> None:
        told.append(event.type)

    receiver.answers = [HANG]
    await complete(host)
    assert await host.scorm.deliver_events() == {**NOTHING, "failed": 1}
    (event,) = (await host.scorm.events(state="waiting"))["events"]
    hanging, refusing = event["last_error"].splitlines()
    assert hanging == f"webhook {receiver.url}: WebhookError: no answer within 0.2 seconds"
    assert refusing.startswith("webhook http://127.0.0.1:9/nobody-listens: WebhookError: no answer: ConnectError")
    assert told == ["completed"]
    await host.scorm.aclose()


async def test_a_receiver_that_sends_without_end_is_not_read_to_the_end(make_host: Any, receiver: Receiver) -> None:
    host = await host_with(make_host, Webhook(receiver.url, SECRET, events=["completed"]))
    receiver.answers = [(200, {"content-length": str(10**9)}, b"x" * 100_000)]
    await complete(host)
    assert await host.scorm.deliver_events() == {**NOTHING, "delivered": 1}
    await host.scorm.aclose()


async def test_after_a_day_the_event_is_dead_and_can_be_read_and_sent_again(
    make_host: Any, receiver: Receiver, check: Any
) -> None:
    host = await host_with(make_host, Webhook(receiver.url, SECRET, events=["completed"]))
    receiver.answers = [503] * 50
    start = host.clock.now
    await complete(host)
    await host.scorm.deliver_events()
    while found := (await host.scorm.events(state="waiting"))["events"]:
        host.clock.now = datetime.fromisoformat(found[0]["due_at"]) + timedelta(milliseconds=1)
        await host.scorm.deliver_events()
    assert timedelta(hours=23) < host.clock.now - start < timedelta(hours=29)
    assert len(receiver.calls) == 11
    receiver.answers = []
    async with host.client() as client:
        page = (await client.get("/api/v1/events")).json()
        check("EventList", page)
        (event,) = page["events"]
        assert (event["state"], event["type"], event["session_id"], event["attempts"]) == ("dead", "completed", "s", 11)
        assert (event["pending"], page["next_cursor"]) == ([f"webhook {receiver.url}"], None)
        assert "503 Service Unavailable" in event["last_error"]
        path = f"/api/v1/events/{event['id']}"
        whole = (await client.get(path)).json()
        check("EventWithSession", whole)
        assert whole["session"]["completion_status"] == "completed"
        again = await client.post(f"{path}/retry")
        check("Event", again.json())
        assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (200, "waiting", 0)
        assert (await client.post(f"{path}/retry")).json() == again.json()
    assert await host.scorm.deliver_events() == {**NOTHING, "delivered": 1}
    assert len({document["id"] for document in receiver.documents}) == 1
    with pytest.raises(NotFoundError) as refused:
        await host.scorm.retry_event(event["id"])
    assert refused.value.code == "EVENT_NOT_FOUND"
    await host.scorm.aclose()


async def test_410_ends_it_at_once_and_a_dead_event_can_be_deleted(make_host: Any, receiver: Receiver) -> None:
    host = await host_with(make_host, Webhook(receiver.url, SECRET, events=["completed"]))
    receiver.answers = [410]
    await complete(host)
    assert await host.scorm.deliver_events() == {**NOTHING, "dead": 1}
    (event,) = (await host.scorm.events())["events"]
    assert event["last_error"] == f"webhook {receiver.url}: 410 Gone"
    async with host.client() as client:
        assert (await client.delete(f"/api/v1/events/{event['id']}")).status_code == 204
        response = await client.delete(f"/api/v1/events/{event['id']}")
    assert (response.status_code, response.json()["code"]) == (404, "EVENT_NOT_FOUND")
    assert (await host.scorm.events())["events"] == []
    await host.scorm.aclose()


async def test_secrets_are_changed_while_both_sides_go_on(make_host: Any, receiver: Receiver) -> None:
    host = await host_with(make_host, Webhook(receiver.url, [SECRET, OTHER], events=["completed"]))
    await complete(host)
    await host.scorm.deliver_events()
    ((headers, body),) = receiver.calls
    assert headers["webhook-signature"].count("v1,") == 2
    for known in (SECRET, OTHER, [OTHER, b"x" * 32]):
        assert verify_webhook(known, headers, body, now=host.clock.now)["type"] == "completed"
    for known in (SECRET, OTHER):
        assert standardwebhooks.Webhook(known).verify(body, headers)["type"] == "completed"
    with pytest.raises(AccessError):
        verify_webhook(b"x" * 32, headers, body, now=host.clock.now)
    await host.scorm.aclose()


async def test_a_test_call_says_how_it_went(make_host: Any, receiver: Receiver, check: Any) -> None:
    host = await host_with(
        make_host,
        Webhook(receiver.url, SECRET, events=["passed"], timeout_seconds=2),
        Webhook("http://localhost/others", SECRET, tenant_id="other"),
    )
    receiver.answers = [200, (418, {}, b"short and stout"), HANG]
    async with host.client() as client:
        answers = [await client.post("/api/v1/webhooks/test", json={"url": receiver.url}) for _ in range(3)]
        for answer in answers:
            check("WebhookTest", answer.json())
        results = [{name: answer.json()[name] for name in ("delivered", "status", "error")} for answer in answers]
        assert results == [
            {"delivered": True, "status": 200, "error": None},
            {"delivered": False, "status": 418, "error": "short and stout"},
            {"delivered": False, "status": None, "error": "no answer within 2 seconds"},
        ]
        assert answers[2].json()["seconds"] >= 0.2
        unknown = await client.post("/api/v1/webhooks/test", json={"url": "http://localhost/others"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "WEBHOOK_NOT_FOUND")
        missing = await client.post("/api/v1/webhooks/test", json={})
        assert (missing.status_code, missing.json()["code"]) == (400, "INVALID_REQUEST")
    headers, body = receiver.calls[0]
    document = verify_webhook(SECRET, headers, body, now=host.clock.now)
    assert (document["type"], document["tenant_id"], document["session"]) == ("ping", "default", None)
    check("WebhookEvent", document)
    assert (await host.scorm.test_webhook(receiver.url))["delivered"] is True
    await host.scorm.aclose()


async def test_events_are_for_back_ends_with_the_scope_admin_and_of_their_own_tenant(
    make_host: Any, receiver: Receiver, login: Any
) -> None:
    host = await host_with(make_host, Webhook(receiver.url, SECRET, events=["completed"]), learner=login)
    receiver.answers = [410]
    await complete(host)
    await host.scorm.deliver_events()
    (event,) = (await host.scorm.events())["events"]
    path = f"/api/v1/events/{event['id']}"
    async with host.client("WRITE") as client:
        assert (await client.get("/api/v1/events")).json()["code"] == "INSUFFICIENT_SCOPES"
    async with host.client(None, user="u") as client:
        for method, url in (
            ("GET", "/api/v1/events"),
            ("GET", path),
            ("POST", f"{path}/retry"),
            ("DELETE", path),
            ("POST", "/api/v1/webhooks/test"),
        ):
            response = await client.request(
                method, url, headers={"sec-fetch-site": "same-origin", "origin": "http://host"}, json={"url": "x"}
            )
            assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN"), (method, url)
    async with host.client("OTHER") as client:
        assert (await client.get("/api/v1/events")).json()["events"] == []
        assert (await client.get(path)).json()["code"] == "EVENT_NOT_FOUND"
        assert (await client.delete(path)).json()["code"] == "EVENT_NOT_FOUND"
        assert (await client.post(f"{path}/retry")).json()["code"] == "EVENT_NOT_FOUND"
    async with host.client() as client:
        wrong = await client.get("/api/v1/events?state=lost")
        assert (wrong.status_code, wrong.json()["details"]["fields"][0]["path"]) == (400, "state")
    await host.scorm.aclose()


# -- options


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"url": "http://lms.example/hook"}, "must be https"),
        ({"url": "ftp://lms.example/hook"}, "https URL"),
        ({"url": "https://user:password@lms.example/"}, "https URL"),
        ({"url": "https://lms.example/#part"}, "https URL"),
        ({"url": "https://lms.example/a b"}, "https URL"),
        ({"url": None}, "https URL"),
        ({"secret": "too short"}, "whsec_"),
        ({"secret": "whsec_%%%"}, "whsec_"),
        ({"secret": "whsec_c2hvcnQ="}, "24 to 64"),
        ({"secret": b"x" * 23}, "24 to 64"),
        ({"secret": b"x" * 65}, "24 to 64"),
        ({"secret": [b"x" * 24, 7]}, "24 to 64"),
        ({"secret": []}, "needs a secret"),
        ({"events": ["finished"]}, "some of"),
        ({"events": "completed"}, "some of"),
        ({"events": []}, "some of"),
        ({"timeout_seconds": 0}, "more than 0"),
        ({"timeout_seconds": 3601}, "3600"),
    ],
)
def test_a_wrong_webhook_is_refused_when_it_is_made(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Webhook(**{"url": "https://lms.example/hook", "secret": b"x" * 32, **arguments})


def test_a_webhook_keeps_its_secret_to_itself() -> None:
    webhook = Webhook("http://lms.example/", b"a secret that is not shown", allow_http=True)
    assert "secret" not in repr(webhook)
    assert Webhook("http://[::1]:8000/", [b"x" * 24, b"y" * 64]).secret == (b"x" * 24, b"y" * 64)


def test_the_list_of_webhooks_is_checked(make_host: Any) -> None:
    one = Webhook("https://lms.example/", b"x" * 32)
    for wrong, message in (
        (["https://lms.example/"], "Webhook objects"),
        ([one, one], "twice"),
        ([Webhook("https://lms.example/", b"x" * 32, timeout_seconds=61)], "event_timeout_seconds"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            make_host(webhooks=wrong)
    make_host(webhooks=[one, Webhook("https://lms.example/", b"x" * 32, tenant_id="north")])


# -- the receiver's side

NOW = datetime(2025, 1, 15, 10, tzinfo=UTC)


def signed(body: bytes = b'{"id": "e"}', **changes: str) -> dict[str, str]:
    headers = {"Webhook-Id": "e", "Webhook-Timestamp": str(int(NOW.timestamp()))}
    signature = standardwebhooks.Webhook(SECRET).sign("e", NOW, body.decode())
    return {**headers, "Webhook-Signature": signature, **changes}


def test_what_the_standards_own_library_signs_is_accepted() -> None:
    assert verify_webhook(SECRET, signed(), b'{"id": "e"}', now=NOW) == {"id": "e"}
    with_more = signed() | {"Webhook-Signature": "v1a,xyz v1,wrong " + signed()["Webhook-Signature"]}
    assert verify_webhook(SECRET, with_more, b'{"id": "e"}', now=NOW) == {"id": "e"}


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_call_may_be_as_old_as_the_tolerance_and_no_older(seconds: int) -> None:
    assert verify_webhook(SECRET, signed(), b'{"id": "e"}', now=NOW + timedelta(seconds=seconds))
    beyond = NOW + timedelta(seconds=seconds * 301 / 300)
    with pytest.raises(AccessError, match="timestamp"):
        verify_webhook(SECRET, signed(), b'{"id": "e"}', now=beyond)
    assert verify_webhook(SECRET, signed(), b'{"id": "e"}', now=beyond, tolerance_seconds=301)


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"Webhook-Id": "f"}, b'{"id": "e"}'),
        ({"Webhook-Id": ""}, b'{"id": "e"}'),
        ({"Webhook-Timestamp": "1736935201"}, b'{"id": "e"}'),
        ({"Webhook-Timestamp": "yesterday"}, b'{"id": "e"}'),
        ({"Webhook-Timestamp": "9" * 400}, b'{"id": "e"}'),
        ({"Webhook-Timestamp": "١٢"}, b'{"id": "e"}'),
        ({"Webhook-Signature": ""}, b'{"id": "e"}'),
        ({"Webhook-Signature": "v1,"}, b'{"id": "e"}'),
        ({"Webhook-Signature": "v1,é"}, b'{"id": "e"}'),
        ({}, b'{"id": "f"}'),
    ],
)
def test_anything_that_was_changed_is_refused(changes: dict[str, str], body: bytes) -> None:
    with pytest.raises(AccessError) as refused:
        verify_webhook(SECRET, signed(**changes), body, now=NOW)
    assert (refused.value.code, refused.value.status) == ("INVALID_SIGNATURE", 401)


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
def test_a_signed_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(AccessError, match="no JSON object"):
        verify_webhook(SECRET, signed(body), body, now=NOW)
