"""Pictures from elsewhere: fetched for a client, but only from where the whole world could fetch them too."""
