"""What is watched of the servers, piece by piece: scraping, expressions, alerts, dashboard, logs."""
