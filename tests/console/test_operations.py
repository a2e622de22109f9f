"""The operations page: lag, services, parked records to look at and try again, accounts with what came and failed."""

import json
import os
import re
import signal
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from playwright.async_api import expect

from lotse.contracts import commands as c
from lotse.contracts.envelope import encode_headers
from lotse.contracts.ids import AgentId
from lotse.contracts.topics import TOPICS, Topic
from lotse.contracts.values import Presence
from lotse.local.webhooks import Call
from lotse.runtime import clock
from lotse.runtime.testing import fact_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-00"
SAID = '{"agent_id": "<img src=x onerror=window.harm=1>", "status": "asleep"}'


@pytest_asyncio.fixture(loop_scope="session")
async def sent(stack):
    """Writes records to a topic as no service of ours would."""
    producer = AIOKafkaProducer(bootstrap_servers=stack.engines.kafka)
    await producer.start()

    async def send(topic: Topic, headers: list[tuple[str, bytes]], value: bytes, key: str = "x") -> None:
        name = topic.full_name(stack.plan.prefix)
        await producer.send_and_wait(name, value, key=key.encode(), headers=headers)

    yield send
    await producer.stop()


async def damaged(send) -> UUID:
    """A command that breaks its schema: router parks it. Its id."""
    number = uuid4()
    good = c.AgentStatusRequested(
        actor_id="x", role="agent", at=clock.now(), agent_id=AgentId("x"), status=Presence.ONLINE
    )
    headers = encode_headers(fact_of(good, id=number, time=clock.now(), traceparent=TRACEPARENT))
    await send(Topic.COMMANDS, headers, SAID.encode())
    return number


@pytest_asyncio.fixture(loop_scope="session")
async def parked(stack, customers, sent, until):
    """A record that router has parked: its id there; nothing of it is left behind."""
    event = str(await damaged(sent))

    async def number():
        return await customers.database.fetchval(
            "SELECT id FROM router.parked WHERE headers LIKE '%' || $1 || '%'", event
        )

    yield await until(number)
    await customers.database.execute("DELETE FROM router.parked")


def row(page, number: int, service: str = "router"):
    return page.locator(f'[data-parked="{service}-{number}"]')


async def test_every_topic_says_how_far_behind_each_of_its_readers_is(open_page, customers, stack):
    """Notifier reads readings only where an alert asks for them, as none does here."""
    await customers.messenger("Ist noch jemand da?")
    page = await open_page("/operations")
    for topic, spec in TOPICS.items():
        shown = page.locator(f'[data-topic="{topic.full_name(stack.plan.prefix)}"]')
        await expect(shown).to_have_count(1)
        for reader in spec.readers:
            group = f"{stack.plan.prefix}-{reader}"
            if (topic, reader) == (Topic.INSIGHTS, "notifier"):
                await expect(shown.locator(f'[data-group="{group}"]')).to_have_count(0)
                continue
            await expect(shown.locator(f'[data-group="{group}"]')).to_have_text(re.compile(rf"{group} \d+"))
    inbound = page.locator(f'[data-topic="{Topic.INBOUND.full_name(stack.plan.prefix)}"]')
    await inbound.locator("summary").click()
    region = inbound.get_by_role("region", name=f"{stack.plan.prefix}-router")
    await expect(region.locator("tbody tr")).to_have_count(TOPICS[Topic.INBOUND].partitions)


async def test_every_service_says_that_it_is_ready_and_what_waits_in_it(open_page, stack):
    page = await open_page("/operations")
    for service in {instance.service for instance in stack.instances}:
        shown = page.locator(f'[data-service="{service}"]')
        await expect(shown.locator("[data-state]")).to_contain_text("bereit")
        await expect(shown.locator('[data-figure="parked"]')).to_have_text(re.compile(r"\d+"))
    await expect(page.locator('[data-service="router"] [data-state]')).to_contain_text("sendet")
    await expect(page.locator('[data-service="ingest"] [data-figure="outbox"]')).to_have_text("–")


async def test_a_lead_sees_what_is_parked_and_why_but_not_what_it_says(open_page, parked):
    page = await open_page("/operations")
    shown = row(page, parked)
    await expect(shown.locator("[data-reason]")).to_have_text("ungültig")
    await expect(shown.locator("[data-error]")).to_contain_text("status")
    await expect(shown.locator("[data-trace]")).to_contain_text(TRACE[:8])
    await expect(shown.get_by_role("button", name="erneut versuchen")).to_have_count(0)
    await shown.get_by_role("button", name="ansehen").click()
    dialog = page.get_by_role("dialog", name=f"Abgelegter Eintrag {parked} von router")
    await expect(dialog).to_contain_text("de.lotse.agent.status_requested.v1")
    await expect(dialog).to_contain_text("ihn sieht nur die Rolle admin")
    await expect(dialog.locator("[data-value]")).to_have_count(0)
    assert "onerror" not in await page.content()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_an_admin_reads_it_as_text_and_tries_it_again(open_page, parked, customers, until):
    page = await open_page("/operations", agent="jonas")
    shown = row(page, parked)
    await shown.get_by_role("button", name="ansehen").click()
    dialog = page.get_by_role("dialog", name=f"Abgelegter Eintrag {parked} von router")
    await expect(dialog.locator("[data-value]")).to_have_text(SAID)
    assert await page.evaluate("window.harm") is None
    await dialog.get_by_role("button", name="Erneut versuchen").click()
    await expect(dialog).to_be_hidden()
    await expect(shown.locator("[data-reason]")).to_have_text("ließ sich nicht anwenden")
    await expect(shown.locator("[data-error]")).to_contain_text("status")
    tried = await customers.database.fetchrow(
        "SELECT reason, replay_requested FROM router.parked WHERE id = $1", parked
    )
    assert tuple(tried) == ("failed", False)


async def test_what_is_mended_goes_in_and_leaves_the_page(open_page, customers, desk, until, stack):
    """A table refuses a note; once it takes it again, the replay brings it in."""
    conversation = await customers.messenger("Bitte rufen Sie zurück.")
    database = customers.database
    await database.execute("ALTER TABLE desk.note ADD CONSTRAINT broken CHECK (text <> 'Rückruf um drei') NOT VALID")
    try:
        await desk.call("POST", f"/v1/conversations/{conversation}/notes", json={"text": "Rückruf um drei"})
        number = await until(lambda: database.fetchval("SELECT min(id) FROM desk.parked"))
        page = await open_page("/operations", agent="jonas", language="en")
        await expect(row(page, number, "desk").locator("[data-reason]")).to_have_text("could not be applied")
        await expect(row(page, number, "desk").locator("[data-error]")).to_contain_text("CheckViolation")
    finally:
        await database.execute("ALTER TABLE desk.note DROP CONSTRAINT broken")
    await row(page, number, "desk").get_by_role("button", name="again").click()
    await expect(row(page, number, "desk")).to_have_count(0, timeout=20_000)
    found = await desk.until(f"/v1/conversations/{conversation}", lambda told: told["notes"])
    assert [note["text"] for note in found["notes"]] == ["Rückruf um drei"]


async def test_each_account_says_what_came_last_and_what_was_refused(open_page, customers):
    await customers.messenger("Guten Tag")
    good = customers.meta.messenger(customers.fresh("psid"), customers.fresh("m"), "Hallo", clock.now())
    forged = await customers.ingest.post(good.path, content=good.body + b" ", headers=good.headers)
    assert forged.status_code == 401
    odd = customers.meta.call({"object": "page", "entry": [{"id": "1", "time": 1, "messaging": [{"unheard_of": {}}]}]})
    await customers.send(Call(odd.path, odd.headers | {"traceparent": TRACEPARENT}, odd.body))
    page = await open_page("/operations")
    account = page.locator(f'[data-account="{customers.meta.account}"]')
    await expect(account.locator('[data-figure="accepted"]')).to_have_text(re.compile(r"[1-9]\d*"))
    await expect(account.locator('[data-figure="refused"]')).to_contain_text("Signatur oder Token falsch")
    await expect(account.locator('[data-figure="not_understood"]')).to_have_text(re.compile(r"[1-9]"))
    await expect(account.locator("time").last).to_be_visible()
    part = page.locator("[data-part]").filter(has_text=TRACE[:8]).first
    await expect(part).to_contain_text(customers.meta.account)
    assert "unheard_of" not in await page.content()


async def test_an_admin_has_a_part_read_again_that_was_not_understood(open_page, customers):
    odd = customers.meta.call({"object": "page", "entry": [{"id": "1", "time": 1, "messaging": [{"odder_still": {}}]}]})
    await customers.send(odd)
    page = await open_page("/operations", agent="jonas")
    part = page.locator("[data-part]").first
    await part.get_by_role("button", name="erneut lesen").click()
    await expect(page.get_by_role("status").first).to_have_text(
        re.compile("Auch diese Version versteht den Teil nicht")
    )
    await expect(part).to_be_visible()


async def test_a_service_that_cannot_be_reached_is_said_to_be_unknown_and_not_empty(open_page, stack):
    os.kill(stack.supervisor.pids["sla"], signal.SIGSTOP)
    try:
        page = await open_page("/operations")
        shown = page.locator('[data-service="sla"]')
        await expect(shown.locator("[data-state]")).to_contain_text("nicht erreichbar")
        for figure in ("parked", "outbox", "behind"):
            await expect(shown.locator(f'[data-figure="{figure}"]')).to_have_text("unbekannt")
        await expect(page.locator('[data-section="parked"] [data-total]')).to_have_text("?")
        await expect(page.locator('[data-section="parked"]')).to_contain_text("Was sla abgelegt hat")
    finally:
        os.kill(stack.supervisor.pids["sla"], signal.SIGCONT)
    await expect(shown.locator("[data-state]")).to_contain_text("bereit")


async def test_an_agent_may_not_look(open_page):
    page = await open_page("/", agent="bruno")
    await expect(page.locator('a[href="/operations"]')).to_have_count(0)
    answer = await page.goto("/operations")
    assert answer.status == 403
    await expect(page.locator("h1")).to_have_text("Nicht für Ihre Rolle")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_everybody_can_read_it_in_both_themes_and_on_a_phone(open_page, parked, accessible, theme, width):
    page = await open_page("/operations", theme=theme, width=width)
    await expect(row(page, parked)).to_be_visible()
    await accessible(page)
    assert await page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
    await row(page, parked).get_by_role("button", name="ansehen").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await accessible(page)


async def test_the_pages_of_the_services_are_closed_to_everybody_else(stack, customers):
    for instance in stack.instances:
        for path in ("/ops/status", "/ops/parked"):
            answer = await customers.ingest.get(instance.url + path)
            assert (instance.name, answer.status_code, json.loads(answer.content)) == (
                instance.name,
                401,
                {"detail": "the token is missing or wrong"},
            )
