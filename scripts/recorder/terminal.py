"""A program on a pseudo-terminal whose screen libvterm keeps, and the frames that a viewer would have seen.

Frames carry a clock of their own: what a person would take to type and to read is added to it and not waited for, and
waiting for the program counts at most PATIENCE seconds. So a recording has the same pace on every machine.
"""
import ctypes
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections import namedtuple

SETTLED = 0.03   # seconds without output: what came is a frame
SAMPLED = 0.12   # while output goes on, a frame is taken this often
PATIENCE = 0.6   # a longer wait for the program is shown as this many seconds
LIMIT = 120      # seconds until a wait is given up
DEFAULT_INK, DEFAULT_GROUND = "#d8dce4", "#16181d"

# text is "" for the right half of a wide character; looks: letters of b(old) i(talic) u(nderlined) s(truck)
Cell = namedtuple("Cell", "text ink ground looks")
Frame = namedtuple("Frame", "at rows cursor caption")  # at: seconds; cursor: (row, column) or None


class _Position(ctypes.Structure):
    _fields_ = [("row", ctypes.c_int), ("column", ctypes.c_int)]


class _Color(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_uint8), ("red", ctypes.c_uint8), ("green", ctypes.c_uint8), ("blue", ctypes.c_uint8)]


class _Cell(ctypes.Structure):
    _fields_ = [("chars", ctypes.c_uint32 * 6), ("width", ctypes.c_char), ("attributes", ctypes.c_uint32),
                ("ink", _Color), ("ground", _Color)]


_DEFAULT_INK_BIT, _DEFAULT_GROUND_BIT = 2, 4
_BOLD, _UNDERLINE, _ITALIC, _REVERSE, _STRIKE = 1, 6, 8, 32, 128


def _load():
    vterm = ctypes.CDLL("libvterm.so.0")
    for name in ("vterm_new", "vterm_obtain_screen", "vterm_obtain_state"):
        getattr(vterm, name).restype = ctypes.c_void_p
    vterm.vterm_output_read.restype = ctypes.c_size_t
    vterm.vterm_screen_get_cell.argtypes = [ctypes.c_void_p, _Position, ctypes.POINTER(_Cell)]
    return vterm


class Screen:
    """Bytes in, cells out."""

    def __init__(self, rows, columns):
        self.rows, self.columns, self.vterm = rows, columns, _load()
        self.handle = ctypes.c_void_p(self.vterm.vterm_new(rows, columns))
        self.vterm.vterm_set_utf8(self.handle, 1)
        self.screen = ctypes.c_void_p(self.vterm.vterm_obtain_screen(self.handle))
        self.vterm.vterm_screen_enable_altscreen(self.screen, 1)
        self.vterm.vterm_screen_reset(self.screen, 1)
        self.cursor_shown, self.tail, self.kept = True, b"", None

    def take(self, data):
        """Returns what the terminal answers to the program's questions."""
        self.vterm.vterm_input_write(self.handle, data, ctypes.c_size_t(len(data)))
        seen = re.findall(rb"\x1b\[\?25([hl])", self.tail + data)
        self.cursor_shown = seen[-1] == b"h" if seen else self.cursor_shown
        self.tail, self.kept = data[-5:], None
        answer = ctypes.create_string_buffer(4096)
        size = self.vterm.vterm_output_read(self.handle, answer, ctypes.c_size_t(4096))
        return answer.raw[:size]

    def cursor(self):
        at = _Position()
        state = ctypes.c_void_p(self.vterm.vterm_obtain_state(self.handle))
        self.vterm.vterm_state_get_cursorpos(state, ctypes.byref(at))
        return (at.row, at.column) if self.cursor_shown else None

    def _color(self, color, bit, default):
        if color.kind & bit:
            return default
        self.vterm.vterm_screen_convert_color_to_rgb(self.screen, ctypes.byref(color))
        return f"#{color.red:02x}{color.green:02x}{color.blue:02x}"

    def _cell(self, row, column):
        cell = _Cell()
        self.vterm.vterm_screen_get_cell(self.screen, _Position(row, column), ctypes.byref(cell))
        ink = self._color(cell.ink, _DEFAULT_INK_BIT, DEFAULT_INK)
        ground = self._color(cell.ground, _DEFAULT_GROUND_BIT, DEFAULT_GROUND)
        if cell.attributes & _REVERSE:
            ink, ground = ground, ink
        looks = "".join(letter for letter, bit in zip("bius", (_BOLD, _ITALIC, _UNDERLINE, _STRIKE))
                        if cell.attributes & bit)
        if cell.chars[0] == 0xFFFFFFFF:
            return Cell("", ink, ground, looks)
        text = "".join(chr(c) for c in list(cell.chars) if c) or " "
        return Cell(text, ink, ground, looks)

    def cells(self):
        if self.kept is None:
            self.kept = tuple(tuple(self._cell(row, column) for column in range(self.columns)) for row in range(self.rows))
        return self.kept

    def text(self):
        return "\n".join("".join(cell.text for cell in row).rstrip() for row in self.cells())


class Terminal:
    """Types as a person does, waits for what a person would see, and keeps the frames."""

    def __init__(self, command, environment, rows, columns):
        self.screen, self.frames, self.clock, self.caption = Screen(rows, columns), [], 0.0, ""
        self.recording, self.stills = False, {}
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        answer = self.screen.take(os.read(self.master, 65536))
        if answer:
            os.write(self.master, answer)
        return True

    def _keep(self):
        if not self.recording:
            return
        frame = Frame(self.clock, self.screen.cells(), self.screen.cursor(), self.caption)
        if not self.frames or self.frames[-1][1:] != frame[1:]:
            self.frames.append(frame)

    def wait(self, text=None, gone=None):
        """Until text is on the screen, or gone is not, and the frame that shows it is complete."""
        start = last = time.monotonic()
        while True:
            came, now = self._read(SETTLED), time.monotonic()
            if not came or now - last > SAMPLED:
                self.clock += min(now - last, PATIENCE)
                last = now
                self._keep()
            if not came and self._shows(text, gone):
                return
            if now - start > LIMIT:
                raise SystemExit(f"waited in vain for {text or gone!r}; the screen:\n{self.screen.text()}")

    def _shows(self, text, gone):
        shown = self.screen.text()
        return (text is None or text in shown) and (gone is None or gone not in shown)

    def read(self, seconds):
        """A person looks at the screen."""
        self._keep()
        self.clock += seconds

    def still(self, name):
        """Remembers the number of the frame that is on the screen."""
        self._keep()
        self.stills[name] = len(self.frames) - 1

    def press(self, keys, seconds=0.0):
        os.write(self.master, keys.encode())
        self.wait()
        self.read(seconds)

    def type(self, text, seconds=0.055):
        for letter in text:
            self.press(letter, seconds)

    def say(self, caption):
        self.caption = caption
        self._keep()

    def end(self):
        """Leaves the program, which stores what there is to store."""
        os.kill(self.child, signal.SIGTERM)
        try:
            while self._read(LIMIT):
                pass
        except OSError:  # the terminal of a program that has ended
            pass
        os.waitpid(self.child, 0)
        os.close(self.master)
