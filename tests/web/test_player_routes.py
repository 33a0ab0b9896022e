from __future__ import annotations

import gzip
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item
from scorm_embed.web.static_files import static_files
from scorm_embed.web.tokens import LaunchClaim, Tokens

pytestmark = pytest.mark.anyio


def reason(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of a page that stands in the player's place."""
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    found = re.search(r'data-player-state="error" data-player-reason="(\w+)"', response.text)
    assert found is not None, response.text
    return response.status_code, found[1]


def code(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/json"
    return response.status_code, response.json()["code"]


async def get(host: Any, url: str, user: str | None = None, **headers: str) -> httpx.Response:
    async with host.client(None, user=user) as client:
        response: httpx.Response = await client.get(url, headers=headers)
        return response


# -- the page


async def test_the_page_tells_its_script_everything_and_nothing_breaks_out_of_it(host: Any) -> None:
    title = 'A & B </script><script>alert("1")</script> {{boot}}'
    launched = await host.launch(await host.course(title=title), "s/1", return_url="https://lms.example/done?a=1&b=2")
    response = await get(host, launched["launch_url"])
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "alert(" not in re.sub(r'id="boot">.*?</script>', "", response.text).replace("alert(&quot;", "")
    rest = re.sub(r'id="boot">.*?</script>', "", response.text)
    assert "{{" not in re.sub(r"\{\{boot\}\}</(title|strong|h1)>", "", rest)
    boot = await host.open(launched["launch_url"])
    assert boot["title"] == title
    assert boot["session_id"] == "s/1"
    assert boot["standard"] == "scorm_1_2"
    assert boot["strictness"] == "tolerant"
    assert boot["return_url"] == "https://lms.example/done?a=1&b=2"
    assert boot["origins"] == ["self"]
    assert re.fullmatch(r"/scorm/player/s%2F1/run/[\w.-]+/", boot["run"])
    assert boot["limits"] == {}
    assert boot["renew_seconds"] == 300


async def test_a_short_launch_is_renewed_often(host: Any) -> None:
    launched = await host.launch(await host.course(), launch_token_ttl_seconds=60)
    assert (await host.open(launched["launch_url"]))["renew_seconds"] == 20


async def test_the_page_carries_the_headers_that_guard_it(make_host: Any) -> None:
    host = make_host(frame_ancestors=["'self'", "https://lms.example"], message_origins=["https://lms.example"])
    launched = await host.launch(await host.course())
    response = await get(host, launched["launch_url"])
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert policy.endswith("frame-ancestors 'self' https://lms.example")
    assert "unsafe" not in policy
    assert response.headers["permissions-policy"] == "unload=(self)"
    assert response.headers["referrer-policy"] == "same-origin"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers
    assert (await host.open(launched["launch_url"]))["origins"] == ["self", "https://lms.example"]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("xx", "en"),
        ("xx;q=0.1, en;q=0", "en"),
        ("*", "en"),
        ("," * 5_000, "en"),
        ("é", "en"),
    ],
)
async def test_the_page_speaks_a_language_that_it_has(host: Any, accepted: str, language: str) -> None:
    launched = await host.launch(await host.course())
    async with host.client(None) as client:
        headers = [(b"accept-language", accepted.encode("latin-1"))]
        response = await client.get(launched["launch_url"], headers=headers)
    assert f'<html lang="{language}" dir="ltr"' in response.text


async def test_everything_that_the_page_loads_is_there(host: Any) -> None:
    launched = await host.launch(await host.course(standard=Standard.SCORM_2004_4TH))
    page = (await get(host, launched["launch_url"])).text
    addresses = re.findall(r'(?:src|href)="(/scorm/player/static/[^"]+)"', page)
    assert len(addresses) > 5
    assert any(address.endswith("tables2004.js") for address in addresses)
    for address in addresses:
        response = await get(host, "http://host" + address)
        assert response.status_code == 200, address
        assert "immutable" in response.headers["cache-control"]


async def test_without_a_token_or_a_login_nothing_opens(host: Any, host_with_login: Any) -> None:
    for each in (host, host_with_login):
        await each.launch(await each.course(), "s1", "ada")
        assert reason(await get(each, "/player/s1")) == (401, "UNAUTHORIZED")
        assert reason(await get(each, "/player/s1?token=")) == (401, "INVALID_TOKEN")


async def test_forged_expired_and_retargeted_tokens_open_nothing(host: Any, secret: str) -> None:
    package = await host.course()
    mine, theirs = await host.launch(package, "mine", "ada"), await host.launch(package, "theirs", "bob")
    right = Tokens([secret.encode()], 86_400)
    forger = Tokens([b"f" * 32], 86_400)
    late = int(time.time()) + 1_000

    async def tried(session: str, token: str) -> tuple[int, str]:
        return reason(await get(host, f"/player/{session}?token={token}"))

    assert await tried("mine", theirs["launch_token"]) == (401, "INVALID_TOKEN")
    assert await tried("theirs", mine["launch_token"]) == (401, "INVALID_TOKEN")
    assert await tried("mine", mine["launch_token"][:-3]) == (401, "INVALID_TOKEN")
    assert await tried("mine", mine["launch_token"] + "A") == (401, "INVALID_TOKEN")
    assert await tried("mine", forger.launch_token(LaunchClaim("default", "mine", "L", late))) == (401, "INVALID_TOKEN")
    assert await tried("mine", right.run_segment("default", "mine", "L")) == (401, "INVALID_TOKEN")
    expired = right.launch_token(LaunchClaim("default", "mine", "L", int(time.time()) - 1))
    assert await tried("mine", expired) == (401, "EXPIRED_TOKEN")
    unknown = right.launch_token(LaunchClaim("default", "gone", "L", late))
    assert await tried("gone", unknown) == (404, "SESSION_NOT_FOUND")
    elsewhere = right.launch_token(LaunchClaim("other", "mine", "L", late))
    assert await tried("mine", elsewhere) == (404, "SESSION_NOT_FOUND")


async def test_an_older_launch_is_superseded(host: Any) -> None:
    package = await host.course()
    first, second = await host.launch(package), await host.launch(package)
    boot = await host.open(second["launch_url"])
    await host.start(boot)
    assert reason(await get(host, first["launch_url"])) == (409, "LAUNCH_SUPERSEDED")
    assert (await get(host, second["launch_url"])).status_code == 200


async def test_a_launch_url_opens_as_long_as_commits_renew_its_launch(host: Any) -> None:
    now = datetime.now(UTC)
    host.scorm.use_clock(lambda: now)
    launched = await host.launch(await host.course(), launch_token_ttl_seconds=60)
    boot = await host.open(launched["launch_url"])
    launch = (await host.start(boot))["view"]["launch"]
    now += timedelta(seconds=50)
    async with host.client(None) as client:
        message = {"launch": launch, "view": 1, "commits": []}
        assert (await client.post("http://host" + boot["run"] + "commit", json=message)).status_code == 200
    now += timedelta(seconds=59)
    assert (await get(host, launched["launch_url"])).status_code == 200
    now += timedelta(seconds=2)
    assert reason(await get(host, launched["launch_url"])) == (401, "EXPIRED_TOKEN")


async def test_the_clean_url_opens_for_its_learner_only(host_with_login: Any) -> None:
    host = host_with_login
    await host.launch(await host.course(), "s1", "ada")
    response = await get(host, "/player/s1", user="ada")
    assert response.status_code == 200
    assert reason(await get(host, "/player/s1", user="bob")) == (404, "SESSION_NOT_FOUND")
    assert reason(await get(host, "/player/s2", user="ada")) == (404, "SESSION_NOT_FOUND")
    assert reason(await get(host, "/player/a%00b", user="ada")) == (404, "SESSION_NOT_FOUND")


async def test_a_teacher_who_may_do_everything_still_opens_no_others_player(make_host: Any, login: Any) -> None:
    host = make_host(learner=login, authorize=lambda *_: True)
    await host.launch(await host.course(), "s1", "ada")
    assert reason(await get(host, "/player/s1", user="teacher")) == (404, "SESSION_NOT_FOUND")


async def test_the_learners_name_comes_from_the_login(host_with_login: Any, boot_from: Any) -> None:
    host = host_with_login
    await host.launch(await host.course(), "s1", "ada", learner_name="Somebody")
    first = boot_from((await get(host, "/player/s1", user="ada")).text)
    await host.start(first)
    again = boot_from((await get(host, "/player/s1", user="ada")).text)
    view = (await host.start(again))["view"]
    assert view["activity"]["data"]["cmi.core.student_name"] == "Name of ada"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Purpose": "prefetch;prerender", "Sec-Fetch-Dest": "document"},
        {"Purpose": "prefetch"},
    ],
)
async def test_what_is_no_opening_of_the_page_supersedes_nobody(host_with_login: Any, headers: dict[str, str]) -> None:
    host = host_with_login
    launched = await host.launch(await host.course(), "s1", "ada")
    boot = await host.open(launched["launch_url"])
    await host.start(boot)
    assert reason(await get(host, "/player/s1", user="ada", **headers)) == (403, "FORBIDDEN")
    await host.start(boot)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "none"},
    ],
)
async def test_links_and_the_hosts_frames_open_the_page(host_with_login: Any, headers: dict[str, str]) -> None:
    await host_with_login.launch(await host_with_login.course(), "s1", "ada")
    assert (await get(host_with_login, "/player/s1", user="ada", **headers)).status_code == 200


async def test_a_site_that_may_embed_the_player_may_open_it_in_a_frame(make_host: Any, login: Any) -> None:
    host = make_host(learner=login, frame_ancestors=["https://lms.example"])
    await host.launch(await host.course(), "s1", "ada")
    headers = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
    assert (await get(host, "/player/s1", user="ada", **headers)).status_code == 200


async def test_error_pages_say_no_more_than_they_must(host: Any) -> None:
    response = await get(host, "/player/%3Cscript%3E?token=%22%3E%3Cscript%3E")
    assert reason(response) == (401, "INVALID_TOKEN")
    assert "<script>" not in response.text
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("accepted", "lang", "dir_", "title"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "ltr", "Der Kurs kann nicht geöffnet werden"),
        ("ar", "ar", "rtl", "تعذر فتح الدورة"),
        ("tlh", "en", "ltr", "The course cannot be opened"),
    ],
)
async def test_error_pages_speak_the_learners_language(
    host: Any, accepted: str, lang: str, dir_: str, title: str
) -> None:
    response = await get(host, "/player/s1?token=no", **{"accept-language": accepted})
    assert reason(response) == (401, "INVALID_TOKEN")
    assert f'<html lang="{lang}" dir="{dir_}"' in response.text
    assert f"<h1>{title}</h1>" in response.text


async def test_an_error_page_says_what_the_learner_can_do(host: Any) -> None:
    response = await get(host, "/player/s1", **{"accept-language": "fr"})
    assert reason(response) == (401, "UNAUTHORIZED")
    assert "<p>Veuillez vous connecter et ouvrir le cours à nouveau.</p>" in response.text


async def test_pages_ask_for_no_icon_that_is_not_there(host: Any) -> None:
    launched = await host.launch(await host.course())
    for response in (await get(host, launched["launch_url"]), await get(host, "/player/s1?token=no")):
        assert '<link rel="icon" href="data:,">' in response.text
        assert "img-src 'self' data:" in response.headers["content-security-policy"]


# -- the player's calls


async def test_the_player_starts_and_commits_by_its_signed_path_alone(host: Any) -> None:
    boot = await host.open((await host.launch(await host.course()))["launch_url"])
    view = (await host.start(boot))["view"]
    assert view["state"] == "running"
    commit = {
        "number": 1,
        "sent_at": "2025-01-15T10:15:30.000Z",
        "activity": view["activity"]["id"],
        "view": view["number"],
        "initialized": True,
        "terminated": False,
        "elements": [["cmi.core.lesson_location", "p3"], ["cmi.core.score.raw", "75"]],
        "tolerated": [],
    }
    body = {"launch": view["launch"], "view": view["number"], "commits": [commit], "navigate": None, "leave": False}
    async with host.client(None) as client:
        # As a page that goes away sends it.
        response = await client.post(
            "http://host" + boot["run"] + "commit", json=body, headers={"Content-Type": "text/plain;charset=UTF-8"}
        )
        assert response.status_code == 200, response.text
        assert response.json()["acknowledged"] == 1
        assert response.json()["refused"] == []
        assert response.headers["cache-control"] == "no-store"
    async with host.client() as client:
        session = (await client.get("/api/v1/sessions/s1")).json()
    assert session["cmi_data"]["cmi.core.lesson_location"] == "p3"


async def test_the_path_of_one_session_is_worth_nothing_for_another(host: Any) -> None:
    package = await host.course()
    mine = await host.open((await host.launch(package, "mine"))["launch_url"])
    await host.launch(package, "theirs", "bob")
    moved = mine["run"].replace("/mine/", "/theirs/")
    async with host.client(None, user="bob") as client:
        for call in ("start", "commit"):
            assert code(await client.post("http://host" + moved + call, json={})) == (401, "INVALID_TOKEN")
            bent = "http://host" + mine["run"][:-3] + "x/" + call
            assert code(await client.post(bent, json={})) == (401, "INVALID_TOKEN")
        assert code(await client.get("http://host" + mine["run"] + "start")) == (405, "METHOD_NOT_ALLOWED")


async def test_neither_a_key_nor_a_login_replaces_the_signed_path(host_with_login: Any) -> None:
    host = host_with_login
    await host.launch(await host.course(), "s1", "ada")
    async with host.client("ADMIN", user="ada") as client:
        assert code(await client.post("/player/s1/run/x/start", json={})) == (401, "INVALID_TOKEN")
        assert code(await client.get("/player/s1/content/x/index.html")) == (401, "INVALID_TOKEN")


async def test_a_superseded_player_is_told_so(host: Any) -> None:
    package = await host.course()
    old = await host.open((await host.launch(package))["launch_url"])
    view = (await host.start(old))["view"]
    await host.start(await host.open((await host.launch(package))["launch_url"]))
    body = {"launch": view["launch"], "view": view["number"], "commits": [], "navigate": None, "leave": False}
    async with host.client(None) as client:
        assert code(await client.post("http://host" + old["run"] + "commit", json=body)) == (409, "LAUNCH_SUPERSEDED")
        assert code(await client.post("http://host" + old["run"] + "start", json={})) == (409, "LAUNCH_SUPERSEDED")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"recover": 5}', b'{"recover": [5]}',
     b'{"recover": [{"launch": "x", "commits": [{"number": "1"}]}]}', b'{"recover": NaN}',
     b"[" * 50_000, b"\xff",
     b'{"recover": [{"launch": "\\ud800"}]}'],
)  # fmt: skip
async def test_a_malformed_start_is_refused(host: Any, content: bytes) -> None:
    boot = await host.open((await host.launch(await host.course()))["launch_url"])
    async with host.client(None) as client:
        headers = {"Content-Type": "application/json"}
        response = await client.post("http://host" + boot["run"] + "start", content=content, headers=headers)
    assert code(response) == (400, "INVALID_REQUEST")


async def test_too_large_a_commit_is_to_be_split(make_host: Any) -> None:
    host = make_host(request_bytes_max=2_000)
    boot = await host.open((await host.launch(await host.course()))["launch_url"])
    assert boot["commit_bytes_max"] == 2_000
    async with host.client(None) as client:
        response = await client.post("http://host" + boot["run"] + "commit", json={"x": "y" * 2_000})
    assert code(response) == (413, "PAYLOAD_TOO_LARGE")


# -- the course's files


async def course_url(host: Any, **arguments: Any) -> str:
    """The address of a course's first page."""
    boot = await host.open((await host.launch(await host.course(**arguments)))["launch_url"])
    return "http://host" + str((await host.start(boot))["view"]["activity"]["url"])


async def test_the_courses_files_are_served_with_what_courses_need(make_host: Any) -> None:
    host = make_host(frame_ancestors=["https://lms.example"])
    script = "console.log('a longer script, so that it is packed');" * 50
    page = await course_url(host, files={"js/a b.js": script})
    response = await get(host, page)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["content-security-policy"] == "frame-ancestors 'self' https://lms.example"
    assert response.headers["permissions-policy"] == "unload=(self)"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "immutable" in response.headers["cache-control"]
    other = page.rsplit("/", 1)[0] + "/js/a%20b.js"
    packed = await get(host, other, **{"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == script
    again = await get(host, other, **{"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["permissions-policy"] == "unload=(self)"
    async with host.client(None) as client:
        head = await client.head(other)
        assert (head.status_code, head.content) == (200, b"")
        assert code(await client.post(other)) == (405, "METHOD_NOT_ALLOWED")


async def test_a_courses_address_is_the_same_for_the_next_launch(host: Any) -> None:
    package = await host.course()
    urls = set()
    for _ in range(2):
        boot = await host.open((await host.launch(package))["launch_url"])
        urls.add((await host.start(boot))["view"]["activity"]["url"])
    assert len(urls) == 1


async def test_a_courses_address_is_worth_nothing_for_another_session(host: Any) -> None:
    page = await course_url(host)
    assert code(await get(host, page.replace("/s1/", "/s2/"))) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize(
    "path",
    [
        "missing.html", "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..;/x",
        "..%5c..%5cwindows", "%00", "a%00.html", "/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "C:%5cx",
        "x" * 5_000, "%ff%fe", "%u002e", "", ".", "%2e", "index.html/", "%2e%2e%2f%2e%2e%2fimsmanifest.xml%00.png",
    ],
)  # fmt: skip
async def test_no_path_leads_out_of_the_course(host: Any, path: str) -> None:
    page = await course_url(host)
    folder = page.rsplit("/", 1)[0]
    sent = (folder + "/" + path).removeprefix("http://host")
    assert (await host.send_raw(sent))[0] == 404


async def test_a_missing_file_is_a_page_for_frames_and_json_for_scripts(host: Any) -> None:
    missing = (await course_url(host)).rsplit("/", 1)[0] + "/missing.html"
    assert code(await get(host, missing)) == (404, "NOT_FOUND")
    assert reason(await get(host, missing, Accept="text/html,*/*")) == (404, "NOT_FOUND")


# -- the player's own files


async def test_the_players_files_are_packed_once_and_kept_for_ever(host: Any) -> None:
    files = static_files()
    address = f"/player/static/{files.build}/player/index.js"
    packed = await get(host, address, **{"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["content-type"] == "text/javascript; charset=utf-8"
    plain = await get(host, address, **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content == gzip.decompress(files.files["player/index.js"].packed or b"")
    assert plain.headers["etag"] != packed.headers["etag"]
    same = await get(host, address, **{"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]})
    assert same.status_code == 304


async def test_a_page_of_another_build_gets_files_that_it_must_not_keep(host: Any) -> None:
    response = await get(host, "/player/static/0123456789abcdef/player/index.js")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name", ["player/page.html", "player/types.d.ts", "../app.py", "player/%2e%2e/x", "", "nothing.js"]
)
async def test_templates_and_everything_else_stay_where_they_are(host: Any, name: str) -> None:
    response = await get(host, f"/player/static/{static_files().build}/{name}")
    assert response.status_code == 404


async def test_pages_of_any_origin_may_load_the_script_for_embedding(host: Any) -> None:
    script = await get(host, "/client.js", Origin="https://elsewhere.example")
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert script.headers["access-control-allow-origin"] == "*"
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert script.headers["cache-control"] == "public, max-age=3600, stale-while-revalidate=86400"
    same = await get(host, "/client.js", **{"If-None-Match": script.headers["etag"]})
    assert (same.status_code, same.headers["access-control-allow-origin"]) == (304, "*")
    types = await get(host, "/client.d.ts")
    assert (types.status_code, types.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert 'interface HTMLElementTagNameMap {\n    "scorm-player": ScormPlayer;' in types.text


async def test_the_address_of_the_script_that_names_its_build_is_kept_for_ever(host: Any) -> None:
    url = host.scorm.client_url(base_url="https://lms.example/scorm")
    assert url == f"https://lms.example/scorm/client.js?{static_files().build}"
    kept = await get(host, url.removeprefix("https://lms.example/scorm"))
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    outdated = await get(host, "/client.js?0123456789abcdef")
    assert outdated.headers["cache-control"] == "public, max-age=3600, stale-while-revalidate=86400"


async def test_courses_of_several_scos_are_shown_with_their_tree(host: Any) -> None:
    boot = await host.open((await host.launch(await host.course(items=[Item("a"), Item("b")])))["launch_url"])
    assert [child["id"] for child in (await host.start(boot))["tree"]["children"]] == ["a", "b"]


async def test_the_page_names_its_tenants_own_journal_and_the_run_that_it_goes_on_from(host: Any) -> None:
    package = await host.course()
    url = (await host.launch(package))["launch_url"]
    first = await host.open(url)
    assert first["journal"] == ["scorm_embed:default:/scorm/player/s1/:"]
    launch = (await host.start(first))["view"]["launch"]
    journal = ["scorm_embed:default:/scorm/player/s1/:", f"scorm_embed:/scorm/player/s1/:{launch}#"]
    assert (await host.open(url))["journal"] == journal
    assert (await host.open((await host.launch(package))["launch_url"]))["journal"] == journal
