"""The roof: settings, the mounted application, commands that need every floor below."""
