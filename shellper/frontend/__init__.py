"""What both front ends share: how things are worded, the clipboard, the history of requests, transcripts."""
