"""The inbox as tests see it: what stands in its list, and what the API says should."""

import asyncio
import itertools
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Page, expect

from lotse.runtime import clock

expect.set_options(timeout=20_000)

_LIST = "getElement(document.querySelector('.ib').id.slice(1))"


@dataclass(slots=True)
class Inbox:
    """An open inbox."""

    page: Page

    def row(self, conversation):
        return self.page.locator(f"[data-id='{conversation}']")

    @property
    def rows(self):
        return self.page.locator(".ib-row")

    @property
    def panel(self):
        return self.page.get_by_role("region", name="Gespräch", exact=True)

    @property
    def listbox(self):
        return self.page.get_by_role("listbox")

    @property
    def opened(self):
        return self.page.locator("[role=option][aria-selected=true]")

    def view(self, name: str):
        return self.page.get_by_role("navigation", name="Ansichten").get_by_role("button", name=name)

    async def ready(self) -> None:
        await expect(self.listbox).to_have_attribute("aria-busy", "false")

    async def ids(self) -> list[str]:
        """The conversations that the list holds, in its order."""
        return await self.page.evaluate(f"{_LIST}.order.ids")

    async def active(self) -> str | None:
        named = await self.listbox.get_attribute("aria-activedescendant")
        return named and named.removeprefix("ib-")

    async def scroll(self) -> float:
        return await self.listbox.evaluate("(list) => list.scrollTop")

    def address(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    async def shows_what_the_api_says(self, desk, query: str, who: str = "anna") -> list[str]:
        """Wait until the list's beginning is the API's, to the word; the conversations."""
        async with asyncio.timeout(30):
            while True:
                said = (await desk.get(f"/v1/conversations?limit=200&{query}", who))["items"]
                shown = await self.ids()
                if shown[: len(said)] == [item["id"] for item in said]:
                    break
                await asyncio.sleep(0.1)
        for item in said[:5]:
            if item["last_words"] and await self.row(item["id"]).count():
                await expect(self.row(item["id"])).to_contain_text(item["last_words"]["text"][:30])
        return shown


_numbers = itertools.count(1)


async def crowd(customers, desk, number: int, text: str = "Guten Tag, ist der Mantel noch lieferbar?") -> list[str]:
    """So many new customers write on Messenger at once; their words, once the desk knows all."""
    run = f"{customers.mark}-{next(_numbers)}"
    words = [f"{text} [{run}-{one}]" for one in range(number)]
    meta = customers.meta
    calls = [
        meta.messenger(f"crowd-{run}-{one}", f"m-crowd-{run}-{one}", said, clock.now())
        for one, said in enumerate(words)
    ]
    for call in meta.together(calls):
        await customers.send(call)
    async with asyncio.timeout(60):
        while (
            await customers.database.fetchval("SELECT count(*) FROM desk.message WHERE text LIKE $1", f"%[{run}-%")
            != number
        ):
            await asyncio.sleep(0.05)
    return words
