"""What people read: Markdown, HTML and pictures, made from artifacts as text. Nothing here touches a file."""
