"""What every test shares: Hypothesis sets no deadline for one example, since the machines that test are shared."""

from hypothesis import settings

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
