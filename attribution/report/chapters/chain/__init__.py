"""The chapter of the Markov chain: map, matrix, removal effects."""
