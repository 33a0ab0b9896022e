"""Lets ``python -m scorm_embed.cli`` do what ``scorm-embed`` does."""

from scorm_embed.cli import main

main()
