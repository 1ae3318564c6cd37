"""Where people's secrets lie: what no command gets to read, as data."""

import pwd
from collections.abc import Iterator
from pathlib import Path

IN_HOME = (
    # keys and credentials
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".password-store", ".vault-token", ".config/sops", ".config/age"),
    *(".config/gcloud", ".config/gh", ".config/glab-cli", ".config/hub", ".config/op", ".config/doctl", ".s3cfg"),
    *(".config/rclone", ".docker/config.json", ".config/containers/auth.json", ".terraform.d/credentials.tfrc.json"),
    *(".netrc", ".pgpass", ".my.cnf", ".git-credentials", ".config/git/credentials", ".npmrc", ".pypirc", ".boto"),
    *(".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials", ".Xauthority"),
    # key rings and password managers
    *(".local/share/keyrings", ".local/share/kwalletd", ".config/keepassxc", ".config/Bitwarden", ".config/1Password"),
    *(".config/Bitwarden CLI", "Library/Keychains"),
    # browsers and mail
    *(".mozilla", ".thunderbird", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware"),
    *(".config/microsoft-edge", ".config/vivaldi", ".config/opera", ".config/librewolf", ".librewolf"),
    *("snap/firefox", "snap/chromium", "snap/thunderbird"),
    *(".var/app/org.mozilla.firefox", ".var/app/org.chromium.Chromium", ".var/app/com.google.Chrome"),
    *("Library/Application Support/Google/Chrome", "Library/Application Support/Firefox", "Library/Safari"),
    *("Library/Cookies", "Library/Mail", "Library/Messages"),
    # what was typed before
    *(".bash_history", ".zsh_history", ".zhistory", ".histfile", ".sh_history", ".local/share/fish/fish_history"),
    *(".python_history", ".psql_history", ".mysql_history", ".sqlite_history", ".rediscli_history"),
    *(".node_repl_history", ".irb_history", ".local/share/zsh/history", ".local/state/bash/history"),
)
"""Below a home folder."""

OF_ROOT = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/ssl/private")
"""What only root can read, and so only a command of root's needs to be kept from."""

_SSH_PUBLIC = ("*.pub", "known_hosts", "authorized_keys")
_MOST_SHOWN = 64 * 1024  # bytes of a public file that is shown all the same


def homes(home: Path, uid: int) -> Iterator[Path]:
    """Yield the home folders whose secrets a command of this user could read: the own ones; for root everybody's."""
    yield home
    try:
        yield Path(pwd.getpwuid(uid).pw_dir)
        if uid == 0:
            yield from (Path(user.pw_dir) for user in pwd.getpwall() if user.pw_uid == 0 or user.pw_uid >= 1000)
    except KeyError:  # a user without an entry
        pass


def secret_paths(home: Path, uid: int) -> list[Path]:
    """Return the real paths of the secrets that there are."""
    found = {}
    for folder in dict.fromkeys(homes(home, uid)):
        if folder != Path("/") and folder.is_dir():
            for name in IN_HOME:
                path = folder / name
                if _is_there(path):
                    found[path.resolve()] = True
    if uid == 0:
        paths = [Path(name) for name in OF_ROOT] + list(Path("/etc/ssh").glob("ssh_host_*_key"))
        found |= {path.resolve(): True for path in paths if _is_there(path)}
    return list(found)


def public_files(masked: Path) -> list[tuple[str, bytes]]:
    """Return name and contents of those files of a masked folder that are no secret: public SSH keys."""
    shown = []
    if masked.name == ".ssh" and masked.is_dir():
        try:
            for path in sorted(path for pattern in _SSH_PUBLIC for path in masked.glob(pattern)):
                if path.is_file() and not path.is_symlink() and path.stat().st_size <= _MOST_SHOWN:
                    shown.append((path.name, path.read_bytes()))
        except OSError:
            return []
    return shown


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
