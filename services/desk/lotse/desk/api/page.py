"""Moved to `lotse.desk.language`."""

from lotse.desk.language import Language as Language
from lotse.desk.language import language_of as language_of
