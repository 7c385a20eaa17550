"""The commands of `metaplast`, one file each."""
