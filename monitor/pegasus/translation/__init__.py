"""From records of Pegasus' words to facts of ours: the one place where both vocabularies meet."""
