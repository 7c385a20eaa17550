"""The supported boards, one file each."""
