"""The SDK's tests."""
