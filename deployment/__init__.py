"""The joint between checks and components: only this package and ``__main__.py`` know both."""
