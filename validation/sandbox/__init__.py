"""Generated code runs here, in a process that can reach nothing and harm nothing."""
