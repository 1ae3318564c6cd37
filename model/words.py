"""The words that generated worlds are made of."""

from __future__ import annotations

import re
from functools import cache

_SPACE_MARK = "\u2581"


@cache
def vocabulary_words() -> tuple[str, ...]:
    """Return the words that are single pieces of the kept vocabulary, so that the model learns to copy each of them."""
    from shellper.weights.adapter import kept_rows
    from shellper.weights.base import open_base

    with open_base() as base:
        pieces = base.field("tokenizer.ggml.tokens")
        word = re.compile(rf"{_SPACE_MARK}([A-Za-z]?[a-z]{{2,13}})")
        return tuple(match[1] for row in kept_rows() if (match := word.fullmatch(pieces[row])))


THEMES: dict[str, list[str]] = {
    "home": (
        "notes todo shopping recipe recipes budget taxes receipts letter diary journal garden holiday family letters bills rent car house insurance "
        "birthday party guests menu list ideas wishlist contacts addresses plans travel packing tickets passport school kids dog cat health doctor "
        "medicine fitness workout movies books reading poems songs lyrics guitar kitchen bathroom repairs warranty manual gifts christmas summer winter "
        "spring autumn weekend errands chores cleaning laundry bank savings loan mortgage phone internet electricity water gas groceries breakfast dinner "
        "pasta bread soup cake cookies salad pancakes stuff misc things important private personal old new archive backup downloads documents pictures"
    ).split(),
    "project": (
        "main app server client utils helpers config settings test tests build setup deploy docker src lib core api routes models views controllers "
        "parser lexer compiler engine database schema migration query cache queue worker task job logger auth login users session token readme changelog "
        "license docs guide tutorial example examples demo sample template index style script scripts bin tools plugins modules components assets static "
        "public vendor dist release version requirements package data fixtures benchmark metrics monitor backend frontend service module handler factory "
        "manager common shared types constants errors exceptions report output input result results debug trace"
    ).split(),
    "photos": (
        "beach sunset wedding vacation portrait landscape mountain forest city paris rome berlin trip birthday graduation baby puppy album raw edited "
        "selected prints gallery camera lens night macro panorama concert festival snow lake river desert bridge street family friends summer hiking "
        "island harbor museum garden flowers birds wildlife zoo skyline studio shoot session client contact sheet thumbs exports originals favorites"
    ).split(),
    "logs": (
        "access error system kernel auth nginx apache mysql postgres redis cron mail backup daemon server worker app audit security firewall network "
        "debug install update crash dump trace metrics monitor report syslog boot dmesg health status alerts events queue proxy gateway cluster node "
        "deploy release rotate archive stats latency requests traffic uptime heartbeat"
    ).split(),
    "course": (
        "lecture homework assignment exam quiz solutions syllabus notes summary essay thesis chapter draft outline references bibliography lab experiment "
        "results data analysis report presentation slides reading questions answers grades schedule seminar project group paper review abstract "
        "introduction methods discussion conclusion appendix figures tables physics chemistry biology history math algebra calculus statistics economics "
        "philosophy literature spanish french german english geography art music sociology psychology week semester midterm term study cards glossary"
    ).split(),
    "office": (
        "invoice invoices contract contracts report reports budget forecast sales marketing meeting minutes agenda memo proposal offer order orders client "
        "clients customer customers supplier payroll salary hr policy policies onboarding training strategy roadmap quarterly annual monthly weekly summary "
        "expenses travel reimbursement inventory stock shipping delivery purchase audit legal compliance nda agreement terms letter template draft signed "
        "scans archive accounting tax vat statements balance ledger projects team staff schedule planning review feedback survey press newsletter campaign"
    ).split(),
    "music": (
        "song songs album demo mix master track tracks vocals drums bass guitar piano synth loop samples stems lyrics chords setlist playlist recording "
        "session rehearsal live concert gig band label release single cover remix beat melody intro outro bridge chorus verse podcast episode interview jingle"
    ).split(),
    "science": (
        "sample samples measurement measurements sensor calibration run trial batch raw processed cleaned filtered model simulation parameters weights "
        "training validation spectra spectrum protein gene genome sequence plot plots figure figures notebook protocol dataset survey respondents coding "
        "temperature pressure humidity voltage current climate ocean soil cells mice patients cohort baseline followup control treatment dose telescope"
    ).split(),
}  # fmt: skip

FIRST_NAMES = (
    "Anna Ben Clara David Emma Felix Greta Hannah Ivan Julia Kevin Laura Marco Nina Oscar Paula Quentin Rosa Sven Tina Umar Vera Wendy Xavier Yuki Zoe "
    "Priya Ahmed Chen Fatima Diego Lucia Kofi Amara Ingrid Lars Mei Raj Sofia Tomas Elif Noah Olga Pedro Hiro Leila Jonas Marta Nadia Igor Alice Bob"
).split()

COMPANIES = (
    "Acme Globex Initech Umbrella Contoso Fabrikam Northwind Stark Wayne Hooli Vandelay Soylent Tyrell Cyberdyne Aperture Wonka Siemens Bosch Miller Schmidt"
).split()

FOREIGN_WORDS = (
    "über café naïve résumé señor façade Müller Straße données élève niño jalapeño smørrebrød łódź český großvater año été garçon 日記 写真 レポート 文档 "
    "заметки отчёт фото σημειώσεις ملاحظات हिसाब 메모 rechnung urlaub factura vacaciones facture vacances notizen lista compras relatório ferias kasse"
).split()

PLAIN_NAMES = (
    "README LICENSE Makefile Dockerfile CHANGELOG TODO NOTES Procfile Gemfile AUTHORS INSTALL .env .gitignore .bashrc .profile .vimrc .editorconfig "
    "README.md notes todo hosts package.json requirements.txt setup.py index.html main.c config.yaml docker-compose.yml pyproject.toml VERSION COPYING"
).split()

EXTENSION_NAMES: dict[str, tuple[str, ...]] = {
    ".py": ("python", "Python", "py"),
    ".txt": ("text", "txt"),
    ".md": ("markdown", "md"),
    ".csv": ("csv", "CSV"),
    ".log": ("log", "log"),
    ".json": ("json", "JSON"),
    ".html": ("html", "HTML"),
    ".js": ("javascript", "JavaScript", "js"),
    ".css": ("css",),
    ".sh": ("shell script", "sh"),
    ".pdf": ("pdf", "PDF"),
    ".jpg": ("jpg", "JPG"),
    ".png": ("png", "PNG"),
    ".mp3": ("mp3", "MP3"),
    ".yaml": ("yaml", "YAML"),
    ".xml": ("xml", "XML"),
    ".zip": ("zip",),
    ".sql": ("sql", "SQL"),
    ".docx": ("docx",),
    ".xlsx": ("xlsx",),
}

SENTENCES = [
    "Remember to water the plants.", "The meeting moved to Thursday.", "Milk, eggs and flour are missing.", "Everything works now.",
    "Ask the landlord about the heating.", "Buy milk", "Call mum on Sunday", "This is only a test", "First draft, not for publication",
    "Budget approved by the board", "Invoice 4711 was paid yesterday.", "The train leaves at 7:45 from platform 3.", "Do not delete this file",
    "All tests passed", "Deadline is next Friday", "The printer on the second floor is broken again.", "Thank you for your patience!",
    "Meeting notes from Monday", "Send the contract to the client", "Room 204, bring the blue folder", "Experiment started at noon",
    "Add two cups of sugar and stir well.", "The password has been changed.", "Version 2 is ready for review", "Nothing new to report.",
    "Total: 1,284.50", "Happy birthday!", "See you at the station", "The results were better than expected.", "Pick up the parcel before six.",
    "Backup finished without errors", "Check the oil before the trip", "Rehearsal is on Wednesday at eight.", "Chapter three needs more examples.",
    "Please review by end of day", "The cat has been fed.", "No sugar for the coffee order", "Sample 12 was contaminated", "Renew the passport",
    "Dinner with the neighbours on Saturday", "We need 40 chairs for the event.", "Fix the login page", "Delivery delayed until March",
    "It rained the whole week.", "Learn ten new words a day", "Charge the camera battery", "The lecture was cancelled.", "Order more paper",
]  # fmt: skip
