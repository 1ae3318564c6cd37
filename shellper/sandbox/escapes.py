"""Taking terminal escapes and control characters out of text that arrives in pieces."""

import re

# The grammar is ECMA-48's: a control sequence (CSI), a control string (OSC, DCS, SOS, PM, APC: window titles,
# the clipboard by OSC 52, images), or ESC, intermediates and one final character. Each has an 8-bit form.
_CSI = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*"
_STRING = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])"
# A string ends with BEL or ST, is cancelled by CAN, SUB or another escape, and here also by the end of the
# line: otherwise one forgotten terminator would hide all the output that follows.
_STRING_BODY = r"[^\x07\x18\x1a\x1b\x9c\n]*"
_STRING_END = re.compile(r"[\x07\x18\x1a\x1b\x9c\n]")
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"

_ANY_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # a tenth of the cost of the next, on plain text

# One pattern, so that one pass from left to right decides what each character belongs to.
_UNWANTED = re.compile(
    rf"{_CSI}[@-~]"
    rf"|{_STRING}{_STRING_BODY}(?:[\x07\x18\x1a\x9c]|(?=[\x1b\n]))"
    rf"|(?P<open_string>{_STRING}{_STRING_BODY}\Z)"
    rf"|(?P<unfinished>(?:{_CSI}|\x1b[ -/]*)\Z)"
    rf"|\x1b[ -/]*[0-~]"
    rf"|{_CONTROL}"
)
_RETURNS = re.compile(r"\r+\n?")
_LONGEST_HELD = 256


class EscapeFilter:
    """Text in pieces, without escapes and control characters; it doesn't matter where the pieces are cut.

    Tabs and newlines stay. Carriage returns become newlines, so that the steps of a progress bar are lines.
    """

    def __init__(self) -> None:
        self._held = ""  # the beginning of an escape whose rest has not arrived
        self._in_string = False
        self._after_return = False  # a carriage return was seen; a newline that follows belongs to it

    def feed(self, text: str) -> str:
        """Take the next piece and give what can be shown by now."""
        if self._in_string:
            text = self._leave_string(text)
        text = self._held + text
        self._held = ""
        if not self._after_return and not _ANY_CONTROL.search(text):
            return text
        return self._returns(self._without_escapes(text))

    def finish(self) -> str:
        """Give what was waiting for a next piece; an escape that never ended is dropped."""
        self._held = ""
        returned, self._after_return = self._after_return, False
        return "\n" if returned else ""

    def _leave_string(self, text: str) -> str:
        end = _STRING_END.search(text)
        if end is None:
            return ""
        self._in_string = False
        # An escape or a newline ends the string and means something itself.
        return text[end.start() :] if end[0] in "\x1b\n" else text[end.end() :]

    def _without_escapes(self, text: str) -> str:
        def drop(found: re.Match[str]) -> str:
            if found["open_string"] is not None:
                self._in_string = True
            elif found["unfinished"] is not None:
                if len(found[0]) > _LONGEST_HELD:  # no escape is that long, and holding it would cost memory
                    return re.sub(_CONTROL, "", found[0])
                self._held = found[0]
            return ""

        return _UNWANTED.sub(drop, text)

    def _returns(self, text: str) -> str:
        if self._after_return and text:
            text = "\r" + text
            self._after_return = False
        if text.endswith("\r"):
            self._after_return = True
            text = text.rstrip("\r")
        return _RETURNS.sub("\n", text)
