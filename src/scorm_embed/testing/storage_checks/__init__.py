"""The checks of ``scorm_embed.testing.storage``, by what they are about."""
