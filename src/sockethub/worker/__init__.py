"""The process that runs a platform: takes jobs off its queue, performs them, answers."""
