"""`inmost chat`: the full-screen terminal client. One file for each noun; app.py only routes between them."""
