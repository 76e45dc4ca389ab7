"""For tests of plugins: fixtures, and the contract that each provider passes.

Load the fixtures with `-p heliograph.testing` in pytest's options. The contract is
`heliograph.testing.contract.ProviderContract`: subclass it in your tests.
"""

from heliograph.testing.fixtures import heliograph

__all__ = ["heliograph"]
