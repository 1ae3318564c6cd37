"""The made-up machine of a world: its processes, programs, disks and clock, so that nothing of a real one is shown."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from model.words import FIRST_NAMES
from shellper.calls import ToolCall
from shellper.dialect import Response

PROCESSES = (
    "firefox",
    "chrome",
    "chromium",
    "thunderbird",
    "slack",
    "zoom",
    "teams",
    "discord",
    "spotify",
    "vlc",
    "mpv",
    "obs",
    "gimp",
    "inkscape",
    "krita",
    "blender",
    "steam",
    "code",
    "nvim",
    "vim",
    "emacs",
    "nano",
    "python3",
    "node",
    "npm",
    "java",
    "ruby",
    "perl",
    "php-fpm",
    "go",
    "cargo",
    "rustc",
    "gcc",
    "make",
    "cmake",
    "webpack",
    "jupyter-lab",
    "postgres",
    "mysqld",
    "redis-server",
    "mongod",
    "nginx",
    "apache2",
    "httpd",
    "gunicorn",
    "celery",
    "dockerd",
    "containerd",
    "sshd",
    "ssh",
    "rsync",
    "tmux",
    "screen",
    "htop",
    "top",
    "bash",
    "zsh",
    "fish",
    "soffice.bin",
    "evince",
    "okular",
    "nautilus",
    "dolphin",
    "dropbox",
    "nextcloud",
    "syncthing",
    "ffmpeg",
    "convert",
    "backup.sh",
    "tail",
    "less",
    "signal-desktop",
    "keepassxc",
    "transmission-gt",
    "qbittorrent",
    "wine64",
    "qemu-system-x86",
    "virtualbox",
    "pipewire",
    "pulseaudio",
    "cupsd",
    "cron",
)
_ALWAYS = ("systemd", "dbus-daemon", "NetworkManager", "Xorg", "gnome-shell", "kworker/0:1")
PROGRAMS = (
    "python3",
    "python",
    "pip",
    "git",
    "docker",
    "node",
    "npm",
    "yarn",
    "java",
    "javac",
    "gcc",
    "g++",
    "clang",
    "make",
    "cmake",
    "go",
    "cargo",
    "rustc",
    "ruby",
    "perl",
    "php",
    "lua",
    "Rscript",
    "julia",
    "vim",
    "nvim",
    "emacs",
    "nano",
    "code",
    "bash",
    "zsh",
    "fish",
    "tmux",
    "screen",
    "htop",
    "curl",
    "wget",
    "ssh",
    "scp",
    "rsync",
    "zip",
    "unzip",
    "tar",
    "7z",
    "ffmpeg",
    "convert",
    "pandoc",
    "pdflatex",
    "latexmk",
    "sqlite3",
    "psql",
    "mysql",
    "redis-cli",
    "kubectl",
    "terraform",
    "ansible",
    "jq",
    "rg",
    "fzf",
    "tree",
    "sed",
    "awk",
    "nginx",
    "gpg",
    "openssl",
    "firefox",
    "chromium",
    "vlc",
    "mpv",
    "gimp",
    "inkscape",
    "libreoffice",
    "exiftool",
    "yt-dlp",
    "strace",
    "gdb",
    "valgrind",
)
_ZONES = ("UTC", "CET", "CEST", "GMT", "BST", "EST", "EDT", "PST", "PDT", "JST", "IST")
_DEVICES = ("/dev/sda", "/dev/nvme0n1p", "/dev/vda", "/dev/mapper/vg-root")


@dataclass(frozen=True)
class Process:
    """A running process; `cpu` and `memory` are percent."""

    pid: int
    cpu: float
    memory: float
    name: str


@dataclass(frozen=True)
class Partition:
    """A mounted file system; sizes are KiB."""

    device: str
    size: int
    used: int
    mounted_on: str


@dataclass
class Machine:
    """Processes, programs, disks and a clock, all of them from `rng`."""

    rng: random.Random
    processes: list[Process] = field(init=False)
    programs: dict[str, str] = field(init=False)
    partitions: list[Partition] = field(init=False)
    now: datetime = field(init=False)
    zone: str = field(init=False)

    def __post_init__(self) -> None:
        """Choose what runs, what is installed, how full the disks are and what time it is."""
        rng = self.rng
        self.zone = rng.choice(_ZONES)
        self.now = datetime(2019, 1, 1) + timedelta(seconds=rng.randrange(10 * 365 * 86400))
        self.processes = self._processes()
        self.programs = {
            name: f"{rng.choices(('/usr/bin', '/usr/local/bin', '/bin'), (8, 2, 1))[0]}/{name}"
            for name in rng.sample(PROGRAMS, rng.randint(25, 50))
        }
        self.partitions = self._partitions()

    def _processes(self) -> list[Process]:
        rng = self.rng
        names = [*rng.sample(_ALWAYS, rng.randint(1, 4)), *rng.sample(PROCESSES, rng.randint(4, 14))]
        if rng.random() < 0.4:
            names += [rng.choice(names)] * rng.randint(1, 3)
        pids = rng.sample(range(120, rng.choice((3000, 30000, 400000))), len(names))
        return [
            Process(
                pid,
                rng.choice((0.0, 0.0, round(rng.random() * 3, 1), round(rng.random() * 90, 1))),
                round(rng.random() ** 3 * 20, 1),
                name,
            )
            for pid, name in zip(pids, names, strict=True)
        ]

    def _partitions(self) -> list[Partition]:
        rng = self.rng
        device = rng.choice(_DEVICES)
        mounts = ["/"]
        mounts += [
            place for place, share in (("/boot", 0.4), ("/home", 0.5), ("/mnt/data", 0.2)) if rng.random() < share
        ]
        if rng.random() < 0.3:
            mounts.append(f"/media/{rng.choice(FIRST_NAMES).lower()}/{rng.choice(('USB', 'BACKUP', 'Photos', 'disk'))}")
        partitions = []
        for number, place in enumerate(mounts, 1):
            size = rng.randint(400_000, 1_000_000) if place == "/boot" else rng.randint(16, 2000) * 1024 * 1024
            name = (
                device
                if device.endswith("root") and number == 1
                else f"{device.replace('mapper/vg-root', 'sdb')}{number}"
            )
            partitions.append(Partition(name, size, int(size * rng.uniform(0.05, 0.99)), place))
        return partitions

    def answers(self, call: ToolCall) -> Response | None:
        """Return what a call on the machine gives, or None for a call on files."""
        makers: dict[str, Callable[[ToolCall], Response]] = {
            "ps": self._ps,
            "kill": self._kill,
            "df": self._df,
            "date": self._date,
            "which": self._which,
        }
        maker = makers.get(call.name)
        return maker(call) if maker else None

    def _ps(self, call: ToolCall) -> Response:
        name = str(call.arguments.get("name", "")).lower()
        busiest = sorted(self.processes, key=lambda process: (-process.cpu, process.pid))
        width = max(7, *(len(str(process.pid)) for process in self.processes))
        lines = [f"{'PID':>{width}} %CPU %MEM COMMAND"]
        for process in busiest:
            line = f"{process.pid:>{width}} {process.cpu:>4} {process.memory:>4} {process.name[:15]}"
            lines += [line] if name in line.lower() else []
        return Response(output="\n".join(lines))

    def _kill(self, call: ToolCall) -> Response:
        pid = call.arguments["pid"]
        left = [process for process in self.processes if process.pid != pid]
        if len(left) == len(self.processes):
            return Response(output=f"kill: ({pid}) - No such process", exit_code=1)
        self.processes = left
        return Response()

    def _df(self, call: ToolCall) -> Response:
        readable = bool(call.arguments.get("human_readable"))
        width = max(14, *(len(one.device) for one in self.partitions))
        head = ("Size", "Used", "Avail", "Use%") if readable else ("1K-blocks", "Used", "Available", "Use%")
        columns = (5, 5, 5, 4) if readable else (10, 10, 10, 4)
        rows: list[tuple[str, tuple[str, ...], str]] = [(f"{'Filesystem':<{width}}", head, "Mounted on")]
        for one in self.partitions:
            sizes = (one.size, one.used, one.size - one.used)
            shown = tuple(_readable(size) if readable else str(size) for size in sizes)
            percent = f"{-(-one.used * 100 // one.size)}%"
            rows.append((f"{one.device:<{width}}", (*shown, percent), one.mounted_on))
        return Response(
            output="\n".join(
                f"{device} {' '.join(f'{cell:>{w}}' for cell, w in zip(cells, columns, strict=True))} {place}"
                for device, cells, place in rows
            )
        )

    def _date(self, call: ToolCall) -> Response:
        return Response(output=self.now.strftime(f"%a %b %e %H:%M:%S {self.zone} %Y"))

    def _which(self, call: ToolCall) -> Response:
        place = self.programs.get(str(call.arguments["program"]))
        return Response(output=place) if place else Response(exit_code=1)


def _readable(kib: int) -> str:
    """Return a size as `df -h` writes it, rounded up."""
    size, unit = float(kib), "K"
    for unit in "KMGT":
        if size < 1024 or unit == "T":
            break
        size /= 1024
    tenths = -(-size * 10 // 1)
    return f"{tenths / 10:.1f}{unit}" if tenths < 100 else f"{-(-size // 1):.0f}{unit}"
