"""Commands whose effects are not only files, so that a run in an overlay would show too little."""

from __future__ import annotations

import re

_WORDS = {
    "uses the network": """
        curl wget ssh scp sftp rsync ftp telnet nc ncat nmap ping dig nslookup pip pip3 pipx npm npx yarn pnpm cargo gem
        apt apt-get dnf yum pacman brew snap flatpak docker podman kubectl aws gcloud az gh""",
    "acts on processes or services": """
        kill pkill killall xkill nohup systemctl service launchctl crontab at batch renice screen tmux disown
        shutdown reboot halt poweroff""",
    "acts on the machine": """
        sudo su doas pkexec mount umount mkfs fdisk parted swapon swapoff sysctl modprobe insmod rmmod useradd
        userdel usermod groupadd passwd chsh timedatectl hwclock ip ifconfig iptables nft""",
    "wants a terminal": """
        vi vim nvim nano emacs ed pico less more man top htop btop sqlite3 psql mysql gdb ipython irb ranger mc fzf
        watch""",
}
_REASONS = {program: reason for reason, words in _WORDS.items() for program in words.split()}
_GIT_NETWORK = re.compile(r"\bgit\s+(?:-\S+\s+)*(?:push|pull|fetch|clone|ls-remote|remote\s+update|submodule)\b")
# Where a command can begin: at the start, behind an operator, behind words that take a command.
_START = re.compile(
    r"(?:^|[;&|(`\n{]|\$\(|\b(?:then|do|else|time|exec|command|env|xargs|nohup|timeout\s+\S+)\s)\s*"
    r"(?:[A-Za-z_]\w*=\S*\s+)*([\w./+-]+)"
)


def beyond_files(command: str) -> str:
    """Return why a command can't be tried out beforehand; empty where nothing speaks against it.

    The words are looked at, no more: a miss costs nothing, since what is tried out has neither network nor processes.
    """
    programs = {found[1].rpartition("/")[2] for found in _START.finditer(command)}
    for program in sorted(programs & _REASONS.keys()):
        return f"`{program}` {_REASONS[program]}"
    if _GIT_NETWORK.search(command):
        return "`git` uses the network here"
    return "it goes on in the background" if re.search(r"(?<![&>])&(?![&>])\s*(?:$|[^&>\s0-9])", command) else ""
