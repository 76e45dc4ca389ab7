"""For tests of plugins: fixtures, and the contract that each provider passes.

The fixtures come by themselves (pytest finds them by entry point). The contract
is `core.testing.contract.ProviderContract`: subclass it in your tests.
"""
