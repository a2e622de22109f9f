"""What the reply box says, in German and English."""

from collections.abc import Mapping

from lotse.contracts.answers import Variable
from lotse.contracts.frozen import frozen
from lotse.desk.language import Language

Words = Mapping[str, str]


@frozen
class ComposerTexts:
    box: Words
    """For the browser; what stands in braces is filled in there."""
    keys: Words
    kinds: Words
    """Personal data."""
    problems: Words
    """Why an answer cannot go out as it stands."""
    instead: Words
    """What is possible where the window is closed."""
    gaps: Mapping[Variable, str]
    answered_within: str
    promised: Words
    promise_missed: Words
    listening: str
    no_way_out: str
    no_channel: str
    resolved: str
    set_aside: str
    somebody_has_it: str
    somebody_has_it_lead: str
    nobody_has_it: str
    nobody_has_it_lead: str
    asks_in_public: str
    asking_in_public: str
    told_in_public: str
    private_done: str
    private_late: str
    on_its_way: str
    not_read: str
    not_saved: str
    gone_on: str
    """Another conversation was open when the wish to send came."""
    elsewhere: str
    somebody: str
    """Who is meant where the customer's name is not known."""
    file_gone: str
    sent: Words
    under_way: str
    unknown: str


INVITATIONS: Mapping[Language, str] = {
    "de": "Danke für Ihre Nachricht! Schreiben Sie uns dazu bitte privat über {channel}, dann müssen Sie hier nichts "
    "Persönliches nennen.",
    "en": "Thank you for your message! Please write to us in private via {channel}, so you need not share anything "
    "personal here.",
}
"""Brings a customer from a public channel to its private one; short enough for all of them."""

_DE = ComposerTexts(
    box={
        "box": "Antwort oder Notiz schreiben",
        "mode": "Was Sie schreiben",
        "reply": "Antwort",
        "note": "Notiz",
        "reply_label": "Antwort an den Kunden",
        "note_label": "Notiz für Kolleginnen und Kollegen",
        "reply_here": "Antwort auf {channel} …   / für Vorlagen",
        "reply_in_private": "Private Antwort über {channel} …   / für Vorlagen",
        "private_label": "Private Antwort an den Kunden",
        "note_here": "Notiz: nur Ihr Team liest sie, der Kunde nie …",
        "note_only": "Nur intern: der Kunde sieht das nie",
        "public": "Öffentlich: jeder liest mit",
        "private": "Privat",
        "answer_privately": "Privat antworten",
        "privately_key": "Nur der Kunde liest die Antwort, über {channel}; das geht einmal je Kommentar (P)",
        "now_private": "Die Antwort geht jetzt privat, über {channel}.",
        "now_public": "Die Antwort steht jetzt öffentlich, auf {channel}.",
        "window_open": "Antworten bis in {span}",
        "window_human": "Nur Persönliches, noch {span}",
        "window_closed": "Antwortfenster zu",
        "expected_here": "So bald erwarten Kunden auf diesem Kanal eine Antwort",
        "below": "Darunter steht",
        "left_characters": "{count} Zeichen übrig",
        "left_weighted": "{count} Zeichen übrig",
        "left_bytes": "{count} Bytes übrig",
        "over_characters": "{count} Zeichen zu viel",
        "over_weighted": "{count} Zeichen zu viel",
        "over_bytes": "{count} Bytes zu viel",
        "how_characters": "Emoji zählen meist zwei Zeichen; die Unterschrift zählt mit",
        "how_weighted": "Wie X zählt: ein Link 23, ein Emoji 2; die Initialen zählen mit",
        "how_bytes": "Gezählt in Bytes: Umlaute zwei, Emoji vier",
        "parts": "geht als {count} Nachrichten hinaus",
        "private_data": "Persönliche Daten, die hier jeder lesen könnte",
        "marked": "{kind}: „{text}“",
        "gap": "Noch auszufüllen: {kind}",
        "gaps": "Füllen Sie aus, was gelb markiert ist.",
        "invite": "Stattdessen ins Private einladen",
        "override": "Trotzdem öffentlich senden",
        "override_reason": "Grund (wird aufbewahrt)",
        "send": "Senden",
        "send_resolve": "Senden und erledigen",
        "add_note": "Notiz anlegen",
        "sending": "wird gesendet …",
        "again": "Erneut senden",
        "edit": "Text zurückholen",
        "edit_warning": "Die erste Fassung kann trotzdem noch ankommen.",
        "colleague": "{name} hat gerade eben geantwortet. Lesen Sie erst nach, oder senden Sie trotzdem.",
        "send_anyway": "Trotzdem senden",
        "wait": "Noch nicht senden",
        "writes": "{name} schreibt gerade …",
        "write_too": "{name} und {other} schreiben gerade …",
        "offered": "{name} hatte hier eine Antwort begonnen:",
        "take": "Übernehmen",
        "leave": "Nicht jetzt",
        "answers": "Vorlagen",
        "answers_key": "Vorlagen (/ oder Strg+K)",
        "search": "Vorlage suchen",
        "nothing_found": "Keine Vorlage enthält das.",
        "found": "{count} Vorlagen",
        "fitting": "Passt hier",
        "others": "Weitere",
        "preview": "Vorschau",
        "choose": "wählen",
        "insert": "einfügen",
        "close": "schließen",
        "too_long": "{over} zu lang",
        "does_not_fit": "Passt hier nicht mehr hinein: {over} zu lang.",
        "attach": "Datei anhängen",
        "drop": "Dateien hier ablegen",
        "files": "Anhänge",
        "remove": "{name} entfernen",
        "progress": "{name}: {percent} %",
        "uploading": "Warten Sie, bis die Dateien da sind.",
        "file_failed": "{name} ließ sich nicht hochladen. Versuchen Sie es noch einmal.",
        "file_large": "{name} ist zu groß ({size}); hier gehen höchstens {most}.",
        "file_type": "{name}: Dateien dieser Art gehen hier nicht.",
        "file_many": "Hier gehen höchstens {most} Dateien.",
        "file_empty": "{name} ist leer.",
        "file_away": "Dateien lassen sich gerade nicht ablegen. Versuchen Sie es gleich noch einmal.",
        "no_files": "Auf diesem Kanal lassen sich keine Dateien senden.",
        "saved": "Entwurf gesichert",
        "unsaved": "Entwurf wird gesichert …",
    },
    keys={
        "group": "Antworten",
        "r": "Antwort schreiben",
        "p": "Privat oder öffentlich antworten",
        "n": "Notiz schreiben",
        "Control+Enter": "Senden",
        "Control+Shift+Enter": "Senden und erledigen",
        "Control+k": "Vorlagen (auch / am Anfang einer Zeile)",
    },
    kinds={
        "iban": "IBAN",
        "card": "Kartennummer",
        "tax-id": "Steuer-ID",
        "customer-number": "Kundennummer",
        "order-number": "Bestellnummer",
        "email": "E-Mail-Adresse",
        "address": "Anschrift",
        "phone": "Telefonnummer",
    },
    problems={
        "empty": "Es steht noch nichts darin.",
        "blocked-pii": "Persönliche Daten ({kinds}) dürfen hier nicht öffentlich stehen.",
        "too-long": "{over} zu lang für diesen Kanal. Kürzen Sie den Text; er darf hier nicht geteilt werden.",
        "window-closed": "Das Antwortfenster ist zu. {instead}",
        "gap": "Es ist noch etwas auszufüllen: {gaps}.",
    },
    instead={
        "human": "Nur was ein Mensch geschrieben hat, geht noch.",
        "template": "Möglich ist nur noch eine beim Anbieter freigegebene Vorlage.",
        "fallback": "Schreiben Sie stattdessen per {channel}.",
        "": "Warten Sie, bis der Kunde wieder schreibt.",
    },
    gaps={
        "name": "Name",
        "first_name": "Vorname",
        "agent": "Ihr Name",
        "title": "Ihre Funktion",
        "reference": "Zeichen",
        "channel": "Kanal",
    },
    answered_within="erwartet binnen {span}",
    promised={"first_response": "Erste Antwort in {span}", "next_response": "Antwort in {span}"},
    promise_missed={
        "first_response": "Erste Antwort seit {span} fällig",
        "next_response": "Antwort seit {span} fällig",
    },
    listening="{channel}: hier hören wir nur zu, antworten lässt sich von hier aus nicht. Notizen gehen.",
    no_way_out="Für das Konto „{account}“ ist kein Weg hinaus eingerichtet. Notizen gehen.",
    no_channel="Auf welchem Kanal der Kunde schreibt, ist noch nicht bekannt.",
    resolved="Das Gespräch ist erledigt. Öffnen Sie es wieder, um zu antworten.",
    set_aside="Das Gespräch ist als Spam aussortiert. Holen Sie es zurück, um zu antworten.",
    somebody_has_it="{name} hat dieses Gespräch. Antworten kann nur, wer es hat; eine Notiz geht immer.",
    somebody_has_it_lead="{name} bearbeitet dieses Gespräch. Ihre Antwort geht trotzdem hinaus.",
    nobody_has_it="Das Gespräch hat noch niemand. Übernehmen Sie es, um zu antworten.",
    nobody_has_it_lead="Das Gespräch hat noch niemand; es bleibt auch nach Ihrer Antwort ohne Zuständige.",
    asks_in_public="Der Kunde bittet darum, hier öffentlich Persönliches zu nennen. Antworten Sie darauf nur privat.",
    asking_in_public="Sie bitten hier öffentlich um Persönliches. Laden Sie dafür ins Private ein.",
    told_in_public="Der Kunde hat öffentlich Persönliches genannt ({kinds}). Wiederholen Sie es nicht.",
    private_done="Dieser Kommentar ist schon privat beantwortet; ein zweites Mal geht das nicht.",
    private_late="Privat lässt sich ein Kommentar nur sieben Tage lang beantworten.",
    on_its_way="Eine andere Fassung dieser Antwort ist schon unterwegs.",
    not_read="Das ließ sich nicht lesen. Laden Sie die Seite neu.",
    not_saved="Der Entwurf ließ sich gerade nicht sichern; er bleibt hier stehen.",
    gone_on="Die Antwort wurde nicht mehr gesendet, weil schon ein anderes Gespräch offen war.",
    elsewhere="Bei {name} wartet Ihr Entwurf noch: {words}",
    somebody="einem anderen Kunden",
    file_gone="{file} liegt zu lange zurück. Hängen Sie die Datei noch einmal an.",
    sent={"reply": "Gesendet.", "resolved": "Gesendet und erledigt.", "note": "Notiz angelegt."},
    under_way="wird ausgeführt …",
    unknown="Ob das angekommen ist, ist noch nicht bekannt. Erneut senden schadet nicht: es bleibt dieselbe Antwort.",
)

_EN = ComposerTexts(
    box={
        "box": "Write an answer or a note",
        "mode": "What you write",
        "reply": "Answer",
        "note": "Note",
        "reply_label": "Answer to the customer",
        "note_label": "Note for colleagues",
        "reply_here": "Answer on {channel} …   / for templates",
        "reply_in_private": "Private answer via {channel} …   / for templates",
        "private_label": "Private answer to the customer",
        "note_here": "Note: only your team reads it, the customer never does …",
        "note_only": "Internal only: the customer never sees this",
        "public": "Public: everybody can read it",
        "private": "Private",
        "answer_privately": "Answer in private",
        "privately_key": "Only the customer reads the answer, via {channel}; once for each comment (P)",
        "now_private": "The answer now goes in private, via {channel}.",
        "now_public": "The answer now goes in public, on {channel}.",
        "window_open": "Answer within {span}",
        "window_human": "Personal words only, {span} left",
        "window_closed": "Reply window closed",
        "expected_here": "So soon do customers expect an answer on this channel",
        "below": "Below it stands",
        "left_characters": "{count} characters left",
        "left_weighted": "{count} characters left",
        "left_bytes": "{count} bytes left",
        "over_characters": "{count} characters too many",
        "over_weighted": "{count} characters too many",
        "over_bytes": "{count} bytes too many",
        "how_characters": "Most emoji count two; the signature counts, too",
        "how_weighted": "As X counts: a link 23, an emoji 2; the initials count, too",
        "how_bytes": "Counted in bytes: umlauts two, emoji four",
        "parts": "goes out as {count} messages",
        "private_data": "Personal data that everybody could read here",
        "marked": "{kind}: “{text}”",
        "gap": "Still to be filled in: {kind}",
        "gaps": "Fill in what is marked in yellow.",
        "invite": "Invite to a private channel instead",
        "override": "Send in public all the same",
        "override_reason": "Reason (it is kept)",
        "send": "Send",
        "send_resolve": "Send and resolve",
        "add_note": "Add note",
        "sending": "sending …",
        "again": "Send again",
        "edit": "Get the text back",
        "edit_warning": "The first version may still arrive.",
        "colleague": "{name} answered just now. Read it first, or send all the same.",
        "send_anyway": "Send all the same",
        "wait": "Do not send yet",
        "writes": "{name} is writing …",
        "write_too": "{name} and {other} are writing …",
        "offered": "{name} had begun an answer here:",
        "take": "Take over",
        "leave": "Not now",
        "answers": "Templates",
        "answers_key": "Templates (/ or Ctrl+K)",
        "search": "Find a template",
        "nothing_found": "No template contains that.",
        "found": "{count} templates",
        "fitting": "Fits here",
        "others": "Others",
        "preview": "Preview",
        "choose": "choose",
        "insert": "insert",
        "close": "close",
        "too_long": "{over} too long",
        "does_not_fit": "It no longer fits in here: {over} too long.",
        "attach": "Attach a file",
        "drop": "Drop files here",
        "files": "Attachments",
        "remove": "Remove {name}",
        "progress": "{name}: {percent} %",
        "uploading": "Wait until the files have arrived.",
        "file_failed": "{name} could not be uploaded. Try again.",
        "file_large": "{name} is too large ({size}); {most} at the most can go here.",
        "file_type": "{name}: files of this kind cannot go here.",
        "file_many": "{most} files at the most can go here.",
        "file_empty": "{name} is empty.",
        "file_away": "Files cannot be stored just now. Try again in a moment.",
        "no_files": "Files cannot be sent on this channel.",
        "saved": "Draft saved",
        "unsaved": "Saving draft …",
    },
    keys={
        "group": "Answering",
        "r": "Write an answer",
        "p": "Answer in private or in public",
        "n": "Write a note",
        "Control+Enter": "Send",
        "Control+Shift+Enter": "Send and resolve",
        "Control+k": "Templates (also / at the start of a line)",
    },
    kinds={
        "iban": "IBAN",
        "card": "card number",
        "tax-id": "tax id",
        "customer-number": "customer number",
        "order-number": "order number",
        "email": "e-mail address",
        "address": "postal address",
        "phone": "phone number",
    },
    problems={
        "empty": "There is nothing in it yet.",
        "blocked-pii": "Personal data ({kinds}) must not stand here in public.",
        "too-long": "{over} too long for this channel. Shorten the text; it may not be split here.",
        "window-closed": "The reply window is closed. {instead}",
        "gap": "Something is still to be filled in: {gaps}.",
    },
    instead={
        "human": "Only what a person wrote can still go.",
        "template": "Only a template that the provider approved can still go.",
        "fallback": "Write by {channel} instead.",
        "": "Wait until the customer writes again.",
    },
    gaps={
        "name": "name",
        "first_name": "first name",
        "agent": "your name",
        "title": "your title",
        "reference": "reference",
        "channel": "channel",
    },
    answered_within="expected within {span}",
    promised={"first_response": "First response in {span}", "next_response": "Answer in {span}"},
    promise_missed={
        "first_response": "First response due for {span}",
        "next_response": "Answer due for {span}",
    },
    listening="{channel}: we only listen here, it cannot be answered from here. Notes can be taken.",
    no_way_out="The account “{account}” has no way out. Notes can be taken.",
    no_channel="It is not known yet on which channel the customer writes.",
    resolved="The conversation is resolved. Reopen it to answer.",
    set_aside="The conversation is set aside as spam. Put it back to answer.",
    somebody_has_it="{name} has this conversation. Only who has it can answer; a note can always be taken.",
    somebody_has_it_lead="{name} works on this conversation. Your answer goes out all the same.",
    nobody_has_it="Nobody has this conversation yet. Take it to answer.",
    nobody_has_it_lead="Nobody has this conversation yet, and your answer does not change that.",
    asks_in_public="The customer asks for personal details to be given here in public. Answer that in private only.",
    asking_in_public="You ask for personal details in public here. Invite to a private channel for that.",
    told_in_public="The customer gave personal details in public ({kinds}). Do not repeat them.",
    private_done="This comment has its private answer already; there cannot be a second one.",
    private_late="A comment can be answered in private for seven days only.",
    on_its_way="Another version of this answer is on its way already.",
    not_read="That could not be read. Reload the page.",
    not_saved="The draft could not be saved just now; it stays here.",
    gone_on="The answer was not sent, since another conversation was open by then.",
    elsewhere="Your draft for {name} still waits: {words}",
    somebody="another customer",
    file_gone="{file} was uploaded too long ago. Attach it again.",
    sent={"reply": "Sent.", "resolved": "Sent and resolved.", "note": "Note added."},
    under_way="in progress …",
    unknown="Whether it arrived is not known yet. Sending again does no harm: it stays the same answer.",
)

COMPOSER: Mapping[Language, ComposerTexts] = {"de": _DE, "en": _EN}
