"""Screens as SVG: one still, or many as an animation. Letters are text, which can be selected; frames and bars are drawn,
so that they meet whatever font a reader has.

What does not change from one frame to the next is written once: cells of a row that are to be seen during the same
frames make one element, and all elements of the same frames one group, which CSS keyframes show and hide. A viewer that
does not animate shows the frame that was chosen as the poster.
"""
import html
import re
from collections import defaultdict

WIDE, HIGH, MARGIN, SIZE = 10, 20, 14, 16.6  # units a cell; SIZE is that of a font whose letters are WIDE
SCALE = 0.84                                 # pixels a unit
FONTS = 'ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace'
# where a frame's character has lines: left, right, up, down
FRAMES = {"─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "udr", "┤": "udl", "┬": "lrd", "┴": "lru",
          "┼": "lrud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu"}
BARS = {letter: eighths for eighths, letter in enumerate("▏▎▍▌▋▊▉█", start=1)}
LOOKS = {"b": "font-weight:bold", "i": "font-style:italic", "u": "text-decoration:underline",
         "s": "text-decoration:line-through"}


class Styles:
    """Classes for what elements look like, numbered as they come."""

    def __init__(self):
        self.numbers = {}

    def number(self, ink, looks):
        return self.numbers.setdefault((ink, looks), f"s{len(self.numbers)}")

    def css(self):
        return "".join(f".{name}{{" + ";".join([f"fill:{ink}"] + [LOOKS[letter] for letter in looks]) + "}"
                       for (ink, looks), name in self.numbers.items())


def _strokes(row, column, letter):
    """The lines of a frame's character, as a path."""
    x, y = MARGIN + column * WIDE + WIDE // 2, MARGIN + row * HIGH + HIGH // 2
    ways = {"l": f"M{x - WIDE // 2} {y}H{x}", "r": f"M{x} {y}H{x + WIDE // 2}",
            "u": f"M{x} {y - HIGH // 2}V{y}", "d": f"M{x} {y}V{y + HIGH // 2}"}
    if FRAMES[letter] == "lr":
        return f"M{x - WIDE // 2} {y}h{WIDE}"
    if FRAMES[letter] == "ud":
        return f"M{x} {y - HIGH // 2}v{HIGH}"
    return "".join(ways[way] for way in FRAMES[letter])


def _joined(path):
    """Strokes that go on one after another make one."""
    parts, out = path.split("M")[1:], []
    for part in parts:
        if out and "h" in part and "h" in out[-1]:
            start, length = out[-1].split("h")
            x, y = map(int, start.split())
            if part.startswith(f"{x + int(length)} {y}h"):
                out[-1] = f"{start}h{int(length) + WIDE}"
                continue
        out.append(part)
    return "".join("M" + part for part in out)


def _rectangle(row, column, width, name):
    x, y = MARGIN + column * WIDE, MARGIN + row * HIGH
    return f'<rect class="{name}" x="{x}" y="{y}" width="{width:g}" height="{HIGH}"/>'


class Layer:
    """What is to be seen during the same frames: grounds, and over those of all layers frames, bars and letters."""

    def __init__(self):
        self.grounds, self.bars, self.lines, self.texts = [], [], defaultdict(str), []

    def write_grounds(self):
        return "".join(self.grounds)

    def write_letters(self):
        lines = [f'<path stroke="{ink}" d="{_joined(path)}"/>' for ink, path in self.lines.items()]
        return "".join(self.bars + lines + self.texts)

    def add_ground(self, styles, row, column, count, ground):
        self.grounds.append(_rectangle(row, column, count * WIDE, styles.number(ground, "")))

    def add_cells(self, styles, row, column, cells):
        """Cells side by side that look the same: the letters between frames and bars are texts."""
        run, start = [], column
        for at, cell in enumerate(cells, start=column):
            if cell.text in FRAMES:
                self.lines[cell.ink] += _strokes(row, at, cell.text)
            elif cell.text in BARS:
                self.bars.append(_rectangle(row, at, WIDE * BARS[cell.text] / 8, styles.number(cell.ink, "")))
            else:
                start = start if run else at
                run.append(cell)
                continue
            self._add_text(styles, row, start, run)
            run = []
        self._add_text(styles, row, start, run)

    def _add_text(self, styles, row, column, cells):
        while cells and cells[0].text == " " and "u" not in cells[0].looks:
            cells, column = cells[1:], column + 1
        while cells and cells[-1].text == " " and "u" not in cells[-1].looks:
            cells = cells[:-1]
        if not cells:
            return
        text = html.escape("".join(cell.text for cell in cells), quote=False)
        self.texts.append(f'<text class="{styles.number(cells[0].ink, cells[0].looks)}" x="{MARGIN + column * WIDE}" '
                          f'y="{MARGIN + row * HIGH + 15}" textLength="{len(cells) * WIDE}">{text}</text>')


def _runs(cells, look):
    """(column, cells side by side that look the same), for all cells of a row; frames and bars are runs of one cell."""
    start = 0
    for column in range(1, len(cells) + 1):
        if column == len(cells) or look(cells[column]) != look(cells[start]):
            yield start, cells[start:column]
            start = column


def _segments(row):
    """(column, cells) for each frame or bar, and for what stands between these and gaps of three blanks or more."""
    kinds = "".join("=" if cell.text in FRAMES or cell.text in BARS
                    else " " if cell.text == " " and not cell.looks else "x" for cell in row)
    for match in re.finditer("=|x(?:x| {1,2}(?=x))*", kinds):
        yield match.start(), row[match.start():match.end()]


class Pieces:
    """Segments in pieces that stay while a line grows at its end, as an answer does: each piece is written once."""

    def __init__(self):
        self.known, self.last = {}, {}

    def cut(self, row, column, cells):
        key = (row, column, cells)
        if key not in self.known:
            before = self.last.get((row, column), ())
            size = sum(len(part) for _, part in before)
            grown = before and cells[:size] == tuple(cell for _, part in before for cell in part)
            self.known[key] = (*before, (column + size, cells[size:])) if grown else ((column, cells),)
        self.last[row, column] = self.known[key]
        return self.known[key]


def _find_lives(frames, ground):
    """What is to be seen, and the numbers of the frames that show it: grounds and segments, by row and column."""
    grounds, segments, pieces = defaultdict(list), defaultdict(list), Pieces()
    shown = [[] for _ in frames[0].rows]  # for each row the lives of what it shows
    for number, frame in enumerate(frames):
        for row, cells in enumerate(frame.rows):
            if number == 0 or cells != frames[number - 1].rows[row]:
                shown[row] = [grounds[row, column, len(run), run[0].ground]
                              for column, run in _runs(cells, lambda cell: cell.ground) if run[0].ground != ground]
                shown[row] += [segments[row, *piece] for found in _segments(cells) for piece in pieces.cut(row, *found)]
            for life in shown[row]:
                life.append(number)
    return grounds, segments


def _add_marks(layers, styles, frames, ink):
    """The cursor, and the line below the screen that says what is done."""
    cursors, captions, below = defaultdict(list), defaultdict(list), len(frames[0].rows)
    for number, frame in enumerate(frames):
        cursors[frame.cursor].append(number)
        captions[frame.caption].append(number)
    for at, numbers in cursors.items():
        if at is not None:
            x, y = MARGIN + at[1] * WIDE, MARGIN + at[0] * HIGH
            layers[tuple(numbers)].texts.append(f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" fill="{ink}" '
                                                'opacity=".55"/>')
    for caption, numbers in captions.items():
        if caption:
            layers[tuple(numbers)].texts.append(
                f'<text class="caption" x="50%" y="{MARGIN * 2 + below * HIGH + 22}">{html.escape(caption)}</text>')


def _keyframes(name, during, frames, length):
    """Shows the groups of this class during these frames, and hides them else."""
    shown, stops = set(during), []
    for number, frame in enumerate(frames):
        state = "visible" if number in shown else "hidden"
        if not stops or stops[-1][1] != state:
            stops.append((100 * frame.at / length, state))
    return f"@keyframes {name}{{" + "".join(f"{at:.2f}%{{visibility:{state}}}" for at, state in stops) + "}" \
           f".{name}{{animation-name:{name}}}"


def _groups(layers, everything, poster, write):
    """The layers' parts; those that are not always to be seen are groups of a class each."""
    out = []
    for number, (during, layer) in enumerate(layers):
        part = write(layer)
        if part and during != everything:
            part = f'<g class="k{number}"' + ("" if poster in during else ' visibility="hidden"') + f">{part}</g>"
        out.append(part)
    return [part for part in out if part]


def draw(frames, ground, ink, poster=0, length=0.0):
    """An SVG document. One frame: a still, else length is that of the animation in seconds."""
    styles, layers = Styles(), defaultdict(Layer)
    rows, columns = len(frames[0].rows), len(frames[0].rows[0])
    grounds, segments = _find_lives(frames, ground)
    for (row, column, count, color), during in grounds.items():
        layers[tuple(during)].add_ground(styles, row, column, count, color)
    for (row, column, cells), during in segments.items():
        for offset, run in _runs(cells, lambda cell: (cell.ink, cell.looks)):
            layers[tuple(during)].add_cells(styles, row, column + offset, run)
    _add_marks(layers, styles, frames, ink)
    everything, layers = tuple(range(len(frames))), sorted(layers.items())
    css = [_keyframes(f"k{number}", during, frames, length)
           for number, (during, _) in enumerate(layers) if during != everything]
    body = [part for write in (Layer.write_grounds, Layer.write_letters)
            for part in _groups(layers, everything, poster, write)]
    captioned = any(frame.caption for frame in frames)
    return _document(columns * WIDE + 2 * MARGIN, rows * HIGH + 2 * MARGIN + (40 if captioned else 0), ground, ink,
                     styles.css() + _timing(length) + "".join(css), body)


def _timing(length):
    return f"g{{animation:{length:.2f}s step-end infinite}}" if length else ""


def _document(width, height, ground, ink, css, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {width} {height}" '
            f'width="{width * SCALE:.0f}" height="{height * SCALE:.0f}"><style>'
            f'text{{font-family:{FONTS};font-size:{SIZE}px}}rect{{shape-rendering:crispEdges}}'
            f'path{{fill:none;stroke-width:1.3}}.caption{{fill:{ink};text-anchor:middle;font-weight:bold}}{css}</style>'
            f'<rect width="100%" height="100%" rx="10" fill="{ground}"/>\n' + "\n".join(body) + "\n</svg>\n")
