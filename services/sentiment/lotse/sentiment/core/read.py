"""From a text to its reading."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lotse.contracts.values import Language, Reading, Sentiment, Situation, Triage
from lotse.sentiment.core.features import Features, Hit, extract
from lotse.sentiment.core.language import LANGUAGES, has_latin_letters, language_rows
from lotse.sentiment.core.model import HEADS, Limits, Model
from lotse.sentiment.core.words import fold, normalise

LONGEST = 64 * 1024
"""A text of more characters is no message: only its language and topics are told, from its beginning."""

DIRECT = frozenset({"webchat", "in-app", "phone", "letter", "sms", "whatsapp", "messenger", "instagram-direct"})
"""Channels on which a person speaks to us alone: what stands there is hardly ever chatter or spam."""

_REASONS = 5


class Odds(NamedTuple):
    """Probabilities per head, in the order of HEADS."""

    sentiment: list[float]
    triage: list[float]
    situation: list[float]


def read(text: str, model: Model, channel_hint: str | None = None) -> Reading:
    """Read one message; the same text, hint and model give the same reading, and no text raises.

    A text that is too long or in another language is `unsure` and for service. `channel_hint` is the channel's name
    where it is known; on direct channels noise and spam need more certainty.
    """
    normalised = normalise(text)
    language = tell_language(normalised, model)
    features = features_of(text, normalised, language, model)
    unreadable = len(text) > LONGEST or (language == "und" and any(map(str.isalpha, normalised)))
    if unreadable or not normalised.strip():
        return Reading(language=language, topics=features.topics, model_version=model.version)
    odds = weigh(features, model)
    sentiment = _sentiment(odds.sentiment, model.limits)
    triage = _triage(odds.triage, sentiment, model.limits, channel_hint)
    situation = _situation(odds.situation, triage, model.limits)
    return Reading(
        language=language,
        sentiment=sentiment,
        score=round(odds.sentiment[2] - odds.sentiment[0], 4),
        confidence=round(max(odds.sentiment), 4),
        triage=triage,
        situation=situation,
        topics=features.topics,
        lead=triage is Triage.LEAD or situation is Situation.QUOTE_REQUEST,
        reasons=_reasons(features),
        model_version=model.version,
    )


def tell_language(normalised: str, model: Model) -> Language:
    """The likeliest language; `und` for a text without Latin letters."""
    if not has_latin_letters(normalised):
        return "und"
    rows = language_rows(normalised)
    logits: list[float] = (model.language_rows[rows].sum(0) / rows.size + model.language_bias).tolist()
    return LANGUAGES[logits.index(max(logits))]


def features_of(text: str, normalised: str, language: Language, model: Model) -> Features:
    """Features by the lists of the language; German ones where it could not be told."""
    lexicon = model.lexicons["en" if language == "en" else "de"]
    return extract(fold(normalised), len(text) > 8 and text[:400].isupper(), lexicon)


def weigh(features: Features, model: Model) -> Odds:
    """Add up the weights of all heads at once."""
    total = model.bias + np.array(features.dense, dtype=np.float32) @ model.dense
    total += _mean(model.rows, features.words) + _mean(model.rows, features.grams)
    logits: list[float] = total.tolist()
    first, second = len(HEADS["sentiment"]), len(HEADS["sentiment"]) + len(HEADS["triage"])
    return Odds(_softmax(logits[:first]), _softmax(logits[first:second]), _softmax(logits[second:]))


def _mean(weights: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32] | float:
    """The sum over the root of the number: long messages weigh more, but not in proportion."""
    return weights.take(rows, axis=0).sum(0) / np.float32(math.sqrt(rows.size)) if rows.size else 0.0


def _softmax(logits: list[float]) -> list[float]:
    top = max(logits)
    powers = [math.exp(logit - top) for logit in logits]
    total = sum(powers)
    return [power / total for power in powers]


def _best(head: str, odds: list[float]) -> tuple[str, float]:
    top = max(odds)
    return HEADS[head][odds.index(top)], top


def _sentiment(odds: list[float], limits: Limits) -> Sentiment:
    answer, sure = _best("sentiment", odds)
    return Sentiment(answer) if sure >= limits.sentiment else Sentiment.UNSURE


def _triage(odds: list[float], sentiment: Sentiment, limits: Limits, channel: str | None) -> Triage:
    """Service wherever there is doubt: a customer filed as spam is worse than spam shown to an agent."""
    answer, sure = _best("triage", odds)
    triage = Triage(answer)
    doubt = 0.5 if channel in DIRECT else 1.0
    if triage is Triage.SPAM and 1 - sure > (1 - limits.spam) * doubt:
        return Triage.SERVICE
    if triage is Triage.NOISE and 1 - sure > (1 - limits.noise) * doubt:
        return Triage.SERVICE
    if triage is Triage.LEAD and sure < limits.lead:
        return Triage.SERVICE
    if triage is Triage.PRAISE and sentiment is not Sentiment.POSITIVE:
        return Triage.SERVICE
    return triage


def _situation(odds: list[float], triage: Triage, limits: Limits) -> Situation | None:
    answer, sure = _best("situation", odds)
    if answer == "none" or sure < limits.situation or triage in (Triage.SPAM, Triage.NOISE):
        return None
    return Situation(answer)


def _reasons(features: Features) -> tuple[str, ...]:
    """The strongest words met, as the lists write them, `not` before those that were negated."""
    ranked = sorted(enumerate(features.hits), key=lambda pair: (-abs(pair[1].polarity), pair[0]))
    words = [_reason(hit) for _, hit in ranked]
    return tuple(dict.fromkeys((*words[: _REASONS - 1], *features.told, *words)))[:_REASONS]


def _reason(hit: Hit) -> str:
    return f"not {hit.entry.word}" if hit.negated else hit.entry.word
