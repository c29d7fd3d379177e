"""What people read: single-file pages and charts as text. Nothing here touches a disk or a network."""
