"""What is known of SQLAlchemy and of the frameworks around it: tables, and the words they are written in."""
