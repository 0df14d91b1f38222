//! Whose file it is, and what each program makes of its lines.
